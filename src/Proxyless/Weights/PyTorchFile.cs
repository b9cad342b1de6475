using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace Proxyless.Weights;

/// <summary>
/// A file that <c>torch.save</c> wrote: one pickle and the numbers that it refers to, in a zip archive (since PyTorch
/// 1.6) or one after the other (before).
/// </summary>
internal sealed class PyTorchFile : IDisposable
{
    private const string PickleName = "/data.pkl";

    // torch/serialization.py: MAGIC_NUMBER, PROTOCOL_VERSION.
    private static readonly BigInteger Magic = BigInteger.Parse(
        "01950a86a20f9469cfc6c",
        System.Globalization.NumberStyles.HexNumber,
        System.Globalization.CultureInfo.InvariantCulture
    );
    private const long LegacyProtocol = 1001;

    private readonly FileStream _stream;
    private readonly ZipArchive? _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = [];
    private readonly Dictionary<string, (long From, long Bytes)> _places = [];
    private (string Key, byte[] Bytes)? _last;

    private PyTorchFile(FileStream stream)
    {
        _stream = stream;
        try
        {
            if (StartsWith(stream, "PK"u8))
            {
                _archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
                Root = ReadArchive(_archive);
            }
            else
            {
                Root = ReadLegacy();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What was saved.</summary>
    public object? Root { get; }

    /// <summary>
    /// Whether a file looks like one of PyTorch's, unless <see cref="SafeTensorsReader.IsOne"/> is true of it.
    /// </summary>
    public static bool IsOne(FileStream stream) => StartsWith(stream, "PK"u8) || StartsWith(stream, [0x80]);

    /// <summary>
    /// Opens a file; the stream still belongs to the caller, and must stay open as long as the result is used.
    /// </summary>
    /// <exception cref="FormatException">It is damaged or another kind of file.</exception>
    /// <exception cref="InvalidDataException">The archive is damaged.</exception>
    public static PyTorchFile Open(FileStream stream) => new(stream);

    /// <summary>The numbers of a tensor. Tensors of one storage are read fastest one after the other.</summary>
    /// <exception cref="FormatException">The file does not hold them.</exception>
    public float[] Read(TensorRecipe recipe)
    {
        byte[] storage = Storage(recipe.Storage);
        if (storage.Length % recipe.Type.Bytes != 0)
        {
            throw new FormatException(
                $"storage {recipe.Storage} has {storage.Length} bytes, and a number of {recipe.Type} has "
                    + $"{recipe.Type.Bytes}"
            );
        }

        long numbers = storage.Length / recipe.Type.Bytes;
        if (recipe.Count == 0)
        {
            return [];
        }

        long last = recipe.Offset + recipe.Shape.Zip(recipe.Strides, (side, step) => (side - 1) * step).Sum();
        if (last >= numbers)
        {
            throw new FormatException($"storage {recipe.Storage} holds {numbers} numbers and not number {last}");
        }

        if (recipe.IsPacked)
        {
            float[] values = new float[recipe.Count];
            recipe.Type.Convert(
                storage.AsSpan(checked((int)(recipe.Offset * recipe.Type.Bytes)), values.Length * recipe.Type.Bytes),
                values
            );
            return values;
        }

        return Gather(storage, recipe);
    }

    /// <inheritdoc/>
    public void Dispose() => _archive?.Dispose();

    // Only the numbers of the tensor are converted: a file may hold very many small ones of a large storage.
    private static float[] Gather(ReadOnlySpan<byte> storage, TensorRecipe recipe)
    {
        int bytes = recipe.Type.Bytes;
        float[] values = new float[recipe.Count];
        long[] index = new long[recipe.Shape.Length];
        long place = recipe.Offset;
        for (int i = 0; i < values.Length; i++)
        {
            recipe.Type.Convert(storage.Slice(checked((int)place * bytes), bytes), values.AsSpan(i, 1));
            for (int side = index.Length - 1; side >= 0; side--)
            {
                place += recipe.Strides[side];
                if (++index[side] < recipe.Shape[side])
                {
                    break;
                }

                place -= index[side] * recipe.Strides[side];
                index[side] = 0;
            }
        }

        return values;
    }

    private byte[] Storage(string key)
    {
        if (_last is { } last && last.Key == key)
        {
            return last.Bytes;
        }

        byte[] bytes = _archive is null ? LegacyStorage(key) : ArchivedStorage(key);
        _last = (key, bytes);
        return bytes;
    }

    private byte[] ArchivedStorage(string key)
    {
        if (!_entries.TryGetValue(key, out ZipArchiveEntry? entry))
        {
            throw new FormatException($"storage {key} is missing");
        }

        return Content(entry);
    }

    private byte[] LegacyStorage(string key)
    {
        if (!_places.TryGetValue(key, out (long From, long Bytes) place))
        {
            throw new FormatException($"storage {key} is missing");
        }

        byte[] bytes = Room(place.Bytes);
        _stream.Position = place.From;
        _stream.ReadExactly(bytes);
        return bytes;
    }

    private object? ReadArchive(ZipArchive archive)
    {
        ZipArchiveEntry pickle =
            archive.Entries.FirstOrDefault(entry => entry.FullName.EndsWith(PickleName, StringComparison.Ordinal))
            ?? throw new FormatException("the archive holds no data.pkl");
        string folder = pickle.FullName[..^PickleName.Length];
        if (archive.Entries.Any(entry => entry.FullName.StartsWith($"{folder}/code/", StringComparison.Ordinal)))
        {
            throw new FormatException(
                "it is a TorchScript program; save its weights alone: torch.save(model.state_dict(), FILE)"
            );
        }

        string storages = $"{folder}/data/";
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (entry.FullName.StartsWith(storages, StringComparison.Ordinal))
            {
                _entries[entry.FullName[storages.Length..]] = entry;
            }
        }

        // An archive can list the same bytes under any number of names.
        if (_entries.Values.Sum(entry => (decimal)entry.CompressedLength) > _stream.Length)
        {
            throw new FormatException("its storages overlap, which PyTorch's do not");
        }

        if (archive.GetEntry($"{folder}/byteorder") is { } order && !Content(order).AsSpan().SequenceEqual("little"u8))
        {
            throw new FormatException("its numbers are big-endian; save it anew on another machine");
        }

        using var stream = new MemoryStream(Content(pickle));
        return PickleReader.Read(stream, stream.Length).Value;
    }

    // PyTorch stores without compression. So memory is allocated for what the file holds, never for what it claims.
    private byte[] Content(ZipArchiveEntry entry)
    {
        if (entry.CompressedLength != entry.Length || entry.Length < 0 || entry.Length > _stream.Length)
        {
            throw new FormatException($"'{entry.FullName}' is compressed, which PyTorch does not do");
        }

        byte[] bytes = Room(entry.Length);
        using Stream content = entry.Open();
        content.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Room(long bytes) =>
        bytes <= Array.MaxLength
            ? new byte[bytes]
            : throw new FormatException($"one of its tensors has {bytes} bytes; at most {Array.MaxLength} are read");

    private object? ReadLegacy()
    {
        _stream.Position = 0;
        if (Next().Value is not BigInteger magic || magic != Magic)
        {
            throw new FormatException("it is a pickle, and none of torch.save");
        }

        if (Next().Value is not LegacyProtocol)
        {
            throw new FormatException("it is of a version that is not known");
        }

        if (Next().Value is PickleDictionary system && system.Items.Any(item => item is ("little_endian", false)))
        {
            throw new FormatException("its numbers are big-endian; save it anew on another machine");
        }

        (object? root, IReadOnlyList<PickleReference> references) = Next();
        Dictionary<string, int?> sizes = [];
        foreach (PickleReference reference in references)
        {
            if (StorageReference.Of(reference) is { } storage)
            {
                sizes[storage.Key] = storage.Bytes;
            }
        }

        if (Next().Value is not PickleList keys)
        {
            throw new FormatException("the list of its storages is missing");
        }

        Span<byte> length = stackalloc byte[sizeof(long)];
        foreach (object? item in keys.Items)
        {
            if (item is not string key || sizes.GetValueOrDefault(key) is not { } size)
            {
                throw new FormatException($"storage {item} is of a type that is not read");
            }

            _stream.ReadExactly(length);
            long count = BinaryPrimitives.ReadInt64LittleEndian(length);
            long left = _stream.Length - _stream.Position;
            if (count < 0 || count > left / size)
            {
                throw new FormatException($"storage {key} would have {count} numbers, and {left} bytes are left");
            }

            _places[key] = (_stream.Position, count * size);
            _stream.Position += count * size;
        }

        return root;
    }

    private (object? Value, IReadOnlyList<PickleReference> References) Next() =>
        PickleReader.Read(_stream, _stream.Length);

    private static bool StartsWith(FileStream stream, ReadOnlySpan<byte> bytes)
    {
        Span<byte> start = stackalloc byte[bytes.Length];
        stream.Position = 0;
        int read = stream.ReadAtLeast(start, bytes.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return read == bytes.Length && start.SequenceEqual(bytes);
    }
}
