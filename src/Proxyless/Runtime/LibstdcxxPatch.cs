using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Proxyless.Files;

namespace Proxyless.Runtime;

/// <summary>
/// LibTorchSharp 0.107 is built with libstdc++ 13 (<c>GLIBCXX_3.4.32</c>), which Debian 12 does not have, and needs it
/// for one symbol: <c>std::ios_base_library_init()</c>, an empty function that only marks the version. This creates a
/// copy of the library without that need: the version requirement becomes weak, and the symbol is bound to the
/// library's own <c>.fini</c>, which does nothing and returns. Used only where libstdc++ is too old for the original
/// library. Delete this file and its one call when TorchSharp ships for older systems.
/// </summary>
internal static class LibstdcxxPatch
{
    /// <summary>The version that libstdc++ 13 has and older ones lack.</summary>
    internal const string Symbol = "_ZSt21ios_base_library_initv";
    private const string Version = "GLIBCXX_3.4.32";
    private const int DynamicSymbols = 11; // SHT_DYNSYM
    private const int VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const int VersionSymbols = 0x6fffffff; // SHT_GNU_versym

    /// <summary>
    /// Returns the patched copy of <paramref name="library"/>, created once per content of the library, and created
    /// again if the existing file is not it.
    /// </summary>
    /// <returns>Its path in the user's cache folder.</returns>
    public static string CachedCopy(string library)
    {
        byte[] image = File.ReadAllBytes(library);
        string hash = Convert.ToHexStringLower(SHA256.HashData(image))[..16];
        Patch(image);
        string path = Path.Combine(CacheFolder.PrivateOf("native", hash), Path.GetFileName(library));
        if (!Holds(path, SHA256.HashData(image)))
        {
            AtomicFile.WritePrivateBytes(path, image);
        }

        return path;
    }

    /// <summary>Whether a file belongs to the user and has the expected content: it is loaded as code.</summary>
    private static bool Holds(string path, ReadOnlySpan<byte> hash)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, LinkTarget: null })
            {
                return false;
            }

            // Only the owner may do this.
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            using FileStream file = File.OpenRead(path);
            return SHA256.HashData(file).AsSpan().SequenceEqual(hash);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// Patches a 64-bit little-endian ELF image in place; an image without the symbol stays unchanged.
    /// </summary>
    internal static void Patch(Span<byte> image)
    {
        if (image.Length < 64 || !image[..4].SequenceEqual("\u007fELF"u8) || image[4] != 2 || image[5] != 1)
        {
            throw new InvalidDataException("not a 64-bit little-endian ELF file");
        }

        Section[] sections = Sections(image);
        Section symbols = sections.First(section => section.Type == DynamicSymbols);
        Section needs = sections.First(section => section.Type == VersionNeeds);
        Section versions = sections.First(section => section.Type == VersionSymbols);
        Section strings = sections[symbols.Link];
        int fini = Array.FindIndex(sections, section => section.Name == ".fini");
        MakeVersionWeak(image, needs, strings);
        for (int i = 0; i < symbols.Size / 24; i++)
        {
            Span<byte> symbol = image.Slice(symbols.Offset + (i * 24), 24);
            int name = (int)BinaryPrimitives.ReadUInt32LittleEndian(symbol);
            if (Text(image, strings.Offset + name) == Symbol)
            {
                symbol[5] = 2; // STV_HIDDEN: the loader binds it here without a look-up by name
                BinaryPrimitives.WriteUInt16LittleEndian(symbol[6..], (ushort)fini);
                BinaryPrimitives.WriteUInt64LittleEndian(symbol[8..], sections[fini].Address);
                BinaryPrimitives.WriteUInt16LittleEndian(image[(versions.Offset + (i * 2))..], 1);
            }
        }
    }

    private static void MakeVersionWeak(Span<byte> image, Section needs, Section strings)
    {
        int need = needs.Offset;
        while (true)
        {
            int count = BinaryPrimitives.ReadUInt16LittleEndian(image[(need + 2)..]);
            int entry = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 8)..]);
            for (int i = 0; i < count; i++)
            {
                int name = (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(entry + 8)..]);
                if (Text(image, strings.Offset + name) == Version)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(image[(entry + 4)..], 2); // VER_FLG_WEAK
                }

                entry += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(entry + 12)..]);
            }

            int next = (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 12)..]);
            if (next == 0)
            {
                return;
            }

            need += next;
        }
    }

    private static Section[] Sections(ReadOnlySpan<byte> image)
    {
        int table = (int)BinaryPrimitives.ReadUInt64LittleEndian(image[0x28..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(image[0x3c..]);
        int names = BinaryPrimitives.ReadUInt16LittleEndian(image[0x3e..]);
        int namesOffset = (int)BinaryPrimitives.ReadUInt64LittleEndian(image[(table + (names * 64) + 0x18)..]);
        var sections = new Section[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = image.Slice(table + (i * 64), 64);
            sections[i] = new Section(
                Text(image, namesOffset + (int)BinaryPrimitives.ReadUInt32LittleEndian(header)),
                BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(header[0x10..]),
                (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]),
                (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]),
                BinaryPrimitives.ReadInt32LittleEndian(header[0x28..])
            );
        }

        return sections;
    }

    private static string Text(ReadOnlySpan<byte> image, int offset)
    {
        ReadOnlySpan<byte> tail = image[offset..];
        return Encoding.ASCII.GetString(tail[..tail.IndexOf((byte)0)]);
    }

    private readonly record struct Section(string Name, int Type, ulong Address, int Offset, int Size, int Link);
}
