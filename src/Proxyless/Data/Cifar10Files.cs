using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>
/// CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html): records of a label byte and 3 planes of
/// 32x32 bytes, in data_batch_1.bin to data_batch_5.bin and test_batch.bin.
/// </summary>
internal static class Cifar10Files
{
    private const int Side = 32;
    private const int Plane = Side * Side;
    private const int Record = 1 + 3 * Plane;
    private const string ArchiveFolder = "cifar-10-batches-bin";

    private static readonly string[] PublishedClasses =
    [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ];

    /// <summary>
    /// Reads the folder, or the one that the published archive unpacks to; null if there are no such files.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// The folder cannot be listed, or a file is cut off or holds a label above 9.
    /// </exception>
    public static DatasetLayout? TryRead(string folder)
    {
        string home = HomeOf(folder);
        string[] batches = FolderLayout.Guard(home, () => Directory.GetFiles(home, "data_batch_*.bin"));
        Array.Sort(batches, StringComparer.Ordinal);
        if (batches.Length == 0)
        {
            return null;
        }

        string[] classes = ReadClasses(home);
        string test = Path.Combine(home, "test_batch.bin");
        return new DatasetLayout(
            "cifar10",
            classes,
            3,
            ReadFiles(Path.Combine(home, "data_batch"), batches),
            null,
            File.Exists(test) ? ReadFiles(test, [test]) : null,
            []
        );
    }

    /// <summary>
    /// Reads images for evaluation: the test images, otherwise the training images; null if there are no such files.
    /// </summary>
    /// <exception cref="InvalidInputException">A file is cut off or holds a label above 9.</exception>
    public static DatasetLayout? TryReadLabeled(string folder)
    {
        string home = HomeOf(folder);
        string test = Path.Combine(home, "test_batch.bin");
        if (!File.Exists(test))
        {
            return TryRead(folder);
        }

        PixelSource images = ReadFiles(test, [test]);
        return new DatasetLayout("cifar10", ReadClasses(home), 3, images, null, images, []);
    }

    private static string HomeOf(string folder)
    {
        string nested = Path.Combine(folder, ArchiveFolder);
        return Directory.Exists(nested) ? nested : folder;
    }

    private static string[] ReadClasses(string home)
    {
        string names = Path.Combine(home, "batches.meta.txt");
        string[] classes = File.Exists(names) ? ClassNameFile.Read(names) : PublishedClasses;
        return classes.Length == PublishedClasses.Length
            ? classes
            : throw new InvalidInputException($"{names} names {classes.Length} classes: CIFAR-10 has 10, one a line.");
    }

    private static PixelSource ReadFiles(string name, string[] files)
    {
        long[] counts = [.. files.Select(file => RegularFile.LengthOf(file) / Record)];
        long records = counts.Sum();
        if (records * 3 * Plane > Array.MaxLength)
        {
            throw new InvalidInputException(
                $"{name}: {records} images are more than are held in memory; CIFAR-10 has 60,000."
            );
        }

        int count = (int)records;
        var labels = new byte[count];
        var store = new PixelStore(count, Side, Side, 3);
        int index = 0;
        foreach ((string file, long counted) in files.Zip(counts))
        {
            RegularFile.Require(file, file);
            byte[] bytes = ImageFile.Read(file);
            if (bytes.Length == 0 || bytes.Length % Record != 0)
            {
                throw new InvalidInputException(
                    $"{file} is cut off: {bytes.Length} bytes are no whole number of {Record}-byte records; download "
                        + $"it again."
                );
            }

            if (bytes.Length / Record != counted)
            {
                throw new InvalidInputException($"{file} changed while it was read; try again.") { File = file };
            }

            for (int start = 0; start < bytes.Length; start += Record, index++)
            {
                labels[index] = bytes[start];
                if (bytes[start] >= PublishedClasses.Length)
                {
                    throw new InvalidInputException(
                        $"{file}: label {bytes[start]} at byte {start} is above 9; this is not CIFAR-10's binary "
                            + $"version."
                    );
                }

                Interleave(bytes.AsSpan(start + 1, 3 * Plane), store.Image(index));
            }
        }

        return new PixelSource(name, store, labels);
    }

    private static void Interleave(ReadOnlySpan<byte> planes, Span<byte> pixels)
    {
        for (int i = 0; i < Plane; i++)
        {
            pixels[3 * i] = planes[i];
            pixels[3 * i + 1] = planes[Plane + i];
            pixels[3 * i + 2] = planes[2 * Plane + i];
        }
    }
}
