using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Proxyless.Data;

/// <summary>All images of one split as the user stores them. Sets are lists of indices into a source.</summary>
internal abstract class ImageSource
{
    private UInt128[]? _contents;

    /// <summary>Number of images, including unreadable ones.</summary>
    public abstract int Count { get; }

    /// <summary>Class of an image.</summary>
    public abstract int Label(int index);

    /// <summary>The name of an image in messages.</summary>
    public abstract string Name(int index);

    /// <summary>Bytes of an image as stored; images of different length differ.</summary>
    public abstract long Length(int index);

    /// <summary>Reads the bytes of an image as stored.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read.</exception>
    public abstract byte[] Read(int index);

    /// <summary>
    /// A hash of the bytes of an image as stored, computed on first use. Two threads must not ask for the same image at
    /// the same time.
    /// </summary>
    /// <returns>The first 128 bits of their SHA-256.</returns>
    /// <exception cref="InvalidInputException">The file cannot be read.</exception>
    public UInt128 ContentHash(int index) =>
        Contents[index] is var known && known != 0 ? known : RememberContent(index, Read(index));

    /// <summary>The same, or null where the file cannot be read.</summary>
    public UInt128? TryContentHash(int index)
    {
        try
        {
            return ContentHash(index);
        }
        catch (InvalidInputException)
        {
            return null;
        }
    }

    /// <summary>The same if it was computed before.</summary>
    protected UInt128? KnownContent(int index) => Contents[index] is var known && known != 0 ? known : null;

    /// <summary>Hashes the bytes of an image that are read for another purpose.</summary>
    /// <param name="index">The image.</param>
    /// <param name="bytes">Its bytes as stored.</param>
    protected UInt128 RememberContent(int index, byte[] bytes)
    {
        // Zeros mean that the hash is not known; a hash of zero is as likely as two equal hashes.
        UInt128 hash = BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(bytes));
        Contents[index] = hash;
        return hash;
    }

    /// <summary>Decodes and transforms one image.</summary>
    /// <param name="index">The image.</param>
    /// <param name="transforms">The processing of the image.</param>
    /// <param name="random">The image's random stream.</param>
    /// <param name="destination">[resolution, resolution, channels], normalized.</param>
    /// <exception cref="InvalidInputException">The image cannot be read.</exception>
    public abstract void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination);

    /// <summary>
    /// Distinguishes a file that cannot be read from a missing folder: a removed disk, a share that is offline.
    /// </summary>
    /// <param name="index">An image that cannot be read.</param>
    /// <exception cref="DirectoryNotFoundException">Its folder no longer exists.</exception>
    public virtual void RequireFolder(int index) { }

    private UInt128[] Contents => LazyInitializer.EnsureInitialized(ref _contents, () => new UInt128[Count]);
}
