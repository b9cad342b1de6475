using System.Globalization;
using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Runtime;

namespace Proxyless.Data;

/// <summary>
/// Copies of photographs, reduced to little more than what augmentation needs, in a folder that all runs and processes
/// share. A copy is named by the contents of its image and by its size, so it is never out of date.
/// </summary>
/// <remarks>
/// A training is the same whether a copy was there or not: where the folder has none, and cannot take one, it is made
/// anew each time. Copies appear by renaming, so a reader sees a whole one or none; one that a power failure has
/// damaged is made again. Only their owner can read them, since the photographs may be private.
/// </remarks>
internal sealed class ImageCopies
{
    /// <summary>The default of the most bytes that all copies take: some 200,000 of 256 pixels.</summary>
    public const long DefaultMostBytes = 8L << 30;

    // A temporary folder may be in memory.
    private const long MostTemporaryBytes = 512L << 20;

    // The run needs the disk too.
    private const int ShareOfFree = 2;

    // Other processes fill the disk and the folder meanwhile. The folder takes longer to add up: it is looked at every
    // 512 MB.
    private const long DefaultCheckedBytes = 64L << 20;
    private const int DiskChecksPerFolderCheck = 8;

    // An image with fewer pixels than 2 x 2 for each of its copy is decoded fast enough.
    private const int LeastReduction = 2;

    // Beyond the smallest crop's pixels: copies are filtered once more.
    private const double Margin = 8.0 / 7;

    // Sizes are powers of two, and one between two of them, so that resolutions near each other share copies.
    private const int SmallestSide = 32;

    // When the folder is nearly full, those that were not used for longest make room for other photographs.
    private const double FullShare = 0.9;
    private const double KeptShare = 0.7;

    // In the name of the folder: changed when copies are made in another way.
    private const int Version = 1;

    private static readonly TimeSpan UseNoted = TimeSpan.FromDays(1);

    private readonly string _root;
    private readonly long _mostBytes;
    private readonly Func<long> _freeBytes;
    private readonly long _checkedBytes;
    private readonly Lazy<Space> _space;
    private long _bytesKept;
    private volatile bool _isFull;

    /// <summary>Uses a folder of copies; nothing is read before a copy is asked for.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <param name="mostBytes">The most bytes of all copies.</param>
    /// <param name="freeBytes">Returns the free bytes of its disk; null: those that it has.</param>
    /// <param name="checkedBytes">After so many bytes kept, it is checked whether there is still room.</param>
    public ImageCopies(
        string folder,
        long mostBytes,
        Func<long>? freeBytes = null,
        long checkedBytes = DefaultCheckedBytes
    )
    {
        Folder = folder;
        _root = Path.Combine(folder, Invariant($"v{Version}"));
        _mostBytes = mostBytes;
        _freeBytes = freeBytes ?? FreeBytes;
        _checkedBytes = checkedBytes;
        _space = new Lazy<Space>(FindSpace);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>
    /// Bytes of all copies, as far as this process knows. Before, those that were not used for longest are removed if
    /// the folder is nearly full.
    /// </summary>
    public long Bytes => _space.Value.Taken + Interlocked.Read(ref _bytesKept);

    /// <summary>Bytes of the copies that this process can still keep.</summary>
    public long BytesLeft => _isFull ? 0 : Math.Max(0, _space.Value.Left - Interlocked.Read(ref _bytesKept));

    /// <summary>Whether there is room for the copies of a number of photographs, of which some may be there.</summary>
    /// <param name="count">The number of photographs.</param>
    /// <param name="side">Shorter side of their copies.</param>
    public bool HasRoomFor(int count, int side) => Bytes + BytesLeft >= (long)count * side * side;

    /// <summary>
    /// The copies of this user, for one run. Where the cache cannot be written, they are kept as long as this process.
    /// </summary>
    public static ImageCopies Open() =>
        new(CacheFolder.Of("images"), CacheFolder.IsKept ? DefaultMostBytes : MostTemporaryBytes);

    /// <summary>
    /// Shorter side of the copies for a resolution: the smallest crop has at least as many pixels as the network's
    /// input.
    /// </summary>
    /// <param name="resolution">Side of the network's input in pixels.</param>
    /// <param name="minimumScale">Smallest share of the area that a crop keeps.</param>
    public static int SideFor(int resolution, double minimumScale)
    {
        double needed = Margin * resolution / Math.Sqrt(minimumScale);
        int side = SmallestSide;
        while (side < needed)
        {
            side = side % 3 == 0 ? side / 3 * 4 : side / 2 * 3;
        }

        return side;
    }

    /// <summary>
    /// Shorter side of the largest copy that stands for an image: it is much smaller, and not too wide for a JPEG.
    /// </summary>
    /// <param name="width">The image's width in pixels.</param>
    /// <param name="height">The image's height in pixels.</param>
    /// <returns>0 if none stands for it.</returns>
    public static int LargestSide(int width, int height)
    {
        int shorter = Math.Min(width, height);
        long encoded = (long)JpegEncoding.LargestSide * shorter / Math.Max(width, height);
        return (int)Math.Min(shorter / LeastReduction, encoded);
    }

    /// <summary>Whether there is a copy of any size: then the image was decoded without an error.</summary>
    /// <param name="content">The hash of the image's bytes.</param>
    public bool HasAny(UInt128 content)
    {
        try
        {
            return Directory.Exists(_root)
                && Directory.EnumerateDirectories(_root).Any(size => IsCopy(PathOf(size, content)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads a copy; null if there is none.</summary>
    /// <param name="content">The hash of the image's bytes.</param>
    /// <param name="side">Shorter side of the copy.</param>
    public byte[]? TryRead(UInt128 content, int side)
    {
        string path = PathOf(content, side);
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            byte[] copy = File.ReadAllBytes(path);
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > UseNoted)
            {
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            }

            return copy;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process has just removed it, or another user has written it.
            return null;
        }
    }

    /// <summary>Makes a copy, and keeps it if there is room; another process may do the same.</summary>
    /// <param name="image">The image.</param>
    /// <param name="content">The hash of its bytes.</param>
    /// <param name="side">Shorter side of the copy.</param>
    /// <exception cref="UnreadableImageException">The image is cut off or damaged.</exception>
    public byte[] Make(EncodedImage image, UInt128 content, int side)
    {
        byte[] copy = ReducedImage.Encode(image, side);
        Keep(PathOf(content, side), copy);
        return copy;
    }

    /// <summary>Makes a copy if there is none.</summary>
    /// <inheritdoc cref="Make"/>
    public void Require(EncodedImage image, UInt128 content, int side)
    {
        if (!IsCopy(PathOf(content, side)))
        {
            Make(image, content, side);
        }
    }

    private static bool IsCopy(string path) => new FileInfo(path) is { Exists: true, Length: > 0 };

    private void Keep(string path, byte[] copy)
    {
        long kept = Interlocked.Add(ref _bytesKept, copy.Length);
        try
        {
            if (!_isFull && kept <= _space.Value.Left && HasRoomYet(kept - copy.Length, kept))
            {
                AtomicFile.WritePrivateWithoutFlush(path, copy);
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Done without.
        }

        Interlocked.Add(ref _bytesKept, -copy.Length);
    }

    /// <summary>
    /// Whether other processes have left room; every so many bytes, and once they have not, no more.
    /// </summary>
    /// <param name="before">Bytes kept before the copy at hand.</param>
    /// <param name="kept">Bytes kept with it.</param>
    private bool HasRoomYet(long before, long kept)
    {
        bool IsEvery(long bytes) => before / bytes != kept / bytes;
        bool isDiskFull = IsEvery(_checkedBytes) && _freeBytes() < _space.Value.Free / ShareOfFree;
        bool isFolderFull =
            IsEvery(_checkedBytes * DiskChecksPerFolderCheck) && FindCopies().Sum(copy => copy.Bytes) >= _mostBytes;
        if (isDiskFull || isFolderFull)
        {
            _isFull = true;
        }

        return !_isFull;
    }

    private Space FindSpace()
    {
        try
        {
            long taken = Trim();
            long free = _freeBytes();
            return new Space(taken, Math.Min(_mostBytes - taken, free / ShareOfFree), free);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It belongs to another user, or another process is trimming it: nothing more is kept this time.
            return new Space(0, 0, 0);
        }
    }

    /// <summary>Removes copies if they are too many.</summary>
    /// <returns>Bytes of those that are left.</returns>
    private long Trim()
    {
        (FileInfo File, long Bytes)[] copies = FindCopies();
        long bytes = copies.Sum(copy => copy.Bytes);
        if (bytes <= FullShare * _mostBytes)
        {
            return bytes;
        }

        foreach ((FileInfo file, long length) in copies.OrderBy(copy => copy.File.LastWriteTimeUtc))
        {
            if (bytes <= KeptShare * _mostBytes)
            {
                break;
            }

            file.Delete();
            bytes -= length;
        }

        return bytes;
    }

    private (FileInfo File, long Bytes)[] FindCopies() =>
        Directory.Exists(_root)
            ?
            [
                .. new DirectoryInfo(_root)
                    .EnumerateFiles("*", SearchOption.AllDirectories)
                    .Select(file => (file, LengthOf(file))),
            ]
            : [];

    /// <summary>0 for what another process has just renamed or removed.</summary>
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private long FreeBytes()
    {
        string folder = Path.GetFullPath(Folder);
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
        {
            folder = parent;
        }

        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (ArgumentException)
        {
            // Windows does not say it of a share on another machine.
            return long.MaxValue;
        }
    }

    private string PathOf(UInt128 content, int side) =>
        PathOf(Path.Combine(_root, side.ToString(CultureInfo.InvariantCulture)), content);

    /// <summary>Not too many files in one folder.</summary>
    private static string PathOf(string size, UInt128 content)
    {
        string name = content.ToString("x32", CultureInfo.InvariantCulture);
        return Path.Combine(size, name[..2], $"{name[2..]}.jpg");
    }

    /// <summary>The room for copies when a process began to use them.</summary>
    /// <param name="Taken">Bytes of the copies that were there.</param>
    /// <param name="Left">Bytes that it may add.</param>
    /// <param name="Free">Free bytes of the disk.</param>
    private sealed record Space(long Taken, long Left, long Free);
}
