using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>
/// The IDX files of the MNIST family (http://yann.lecun.com/exdb/mnist): train-images-idx3-ubyte and
/// train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte if there is a test set, each plain or
/// with .gz. Classes are named by their numbers, or by the lines of a labels.txt beside them.
/// </summary>
internal static class IdxFiles
{
    /// <summary>Two zeros, 8 for unsigned bytes, then the number of dimensions.</summary>
    private const int UnsignedBytes = 0x0800;
    private const long LargestInflated = 1L << 30;
    private const long DeflateRatio = 1032;

    /// <summary>Reads the folder; null if there are no such files.</summary>
    /// <exception cref="InvalidInputException">
    /// A file is missing, cut off or of another kind, or does not match the others.
    /// </exception>
    public static DatasetLayout? TryRead(string folder)
    {
        if (Find(folder, "train-images-idx3-ubyte") is not { } trainingImages)
        {
            return null;
        }

        PixelSource training = ReadSplit(trainingImages, folder, "train");
        PixelSource? test = Find(folder, "t10k-images-idx3-ubyte") is { } testImages
            ? ReadSplit(testImages, folder, "t10k")
            : null;
        int highest = Highest(training);
        if (test is not null && Highest(test) > highest)
        {
            throw new InvalidInputException(
                $"{folder}: the test images hold class {Highest(test)}, of which there are no training images."
            );
        }

        if (highest == 0)
        {
            throw new InvalidInputException($"{folder} holds one class: a classifier needs two or more.")
            {
                File = folder,
            };
        }

        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return new DatasetLayout(name, ReadClasses(folder, highest + 1, exactly: true), 1, training, null, test, []);
    }

    /// <summary>
    /// Reads images for evaluation: the test images, otherwise the training images; null if there are no such files.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// A file is missing, cut off or of another kind, or does not match the others.
    /// </exception>
    public static DatasetLayout? TryReadLabeled(string folder)
    {
        string? test = Find(folder, "t10k-images-idx3-ubyte");
        if ((test ?? Find(folder, "train-images-idx3-ubyte")) is not { } images)
        {
            return null;
        }

        PixelSource source = ReadSplit(images, folder, test is null ? "train" : "t10k");
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return new DatasetLayout(
            name,
            ReadClasses(folder, Highest(source) + 1, exactly: false),
            1,
            source,
            null,
            test is null ? null : source,
            []
        );
    }

    private static string? Find(string folder, string name) =>
        new[] { name, name + ".gz" }.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists);

    private static PixelSource ReadSplit(string imageFile, string folder, string prefix)
    {
        string labelName = $"{prefix}-labels-idx1-ubyte";
        string labelFile =
            Find(folder, labelName)
            ?? throw new InvalidInputException(
                $"{Path.Combine(folder, labelName)} is missing beside {Path.GetFileName(imageFile)}."
            );
        (int[] shape, byte[] pixels) = ReadArray(imageFile, 3);
        (int[] labelShape, byte[] labels) = ReadArray(labelFile, 1);
        if (labelShape[0] != shape[0])
        {
            throw new InvalidInputException(
                $"{labelFile} has {labelShape[0]} labels for the {shape[0]} images of {imageFile}."
            );
        }

        return new PixelSource(imageFile, new PixelStore(shape[0], shape[2], shape[1], 1, pixels), labels);
    }

    private static (int[] Shape, byte[] Values) ReadArray(string file, int dimensions)
    {
        int header = 4 * (1 + dimensions);
        byte[] bytes = Inflate(file, header);
        if (bytes.Length < header || BinaryPrimitives.ReadInt32BigEndian(bytes) != UnsignedBytes + dimensions)
        {
            throw new InvalidInputException(
                $"{file} is not an IDX file of unsigned bytes in {dimensions} dimensions; download it again."
            )
            {
                File = file,
            };
        }

        var shape = new int[dimensions];
        // The product of three sides has up to 93 bits.
        Int128 length = 1;
        for (int i = 0; i < dimensions; i++)
        {
            shape[i] = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 * (i + 1)));
            length *= shape[i];
        }

        if (shape.Any(size => size <= 0) || bytes.Length != header + length)
        {
            throw new InvalidInputException(
                $"{file} is cut off or damaged: {bytes.Length} bytes where {string.Join("x", shape)} values and "
                    + $"{header} bytes "
                    + "of header are told; download it again."
            );
        }

        return (shape, bytes[header..]);
    }

    /// <summary>
    /// Reads the bytes of a file. For a gzip file, at most one byte more than its header states: a small one can hold
    /// gigabytes.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// It is not a gzip file, or states more bytes than such a file can hold.
    /// </exception>
    private static byte[] Inflate(string file, int header)
    {
        RegularFile.Require(file, file);
        byte[] bytes = ImageFile.Read(file);
        if (!file.EndsWith(".gz", StringComparison.Ordinal))
        {
            return bytes;
        }

        try
        {
            // A byte of a gzip file expands to at most 1032 bytes.
            long most = Math.Min(LargestInflated, DeflateRatio * bytes.LongLength);
            using var inflated = new MemoryStream();
            using (var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress))
            {
                byte[] start = new byte[header];
                inflated.Write(start, 0, gzip.ReadAtLeast(start, header, throwOnEndOfStream: false));
                Int128 told = 1;
                for (int i = sizeof(int); i < header; i += sizeof(int))
                {
                    told *= Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(start.AsSpan(i)));
                }

                byte[] piece = new byte[1 << 16];
                for (int read; told <= most && inflated.Length <= header + told && (read = gzip.Read(piece)) > 0; )
                {
                    inflated.Write(piece, 0, read);
                }
            }

            return inflated.ToArray();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw new InvalidInputException(
                $"{file} is not a complete gzip file: {exception.Message}; download it again.",
                exception
            )
            {
                File = file,
            };
        }
    }

    private static int Highest(PixelSource source) => Enumerable.Range(0, source.Count).Max(source.Label);

    private static string[] ReadClasses(string folder, int count, bool exactly)
    {
        string file = Path.Combine(folder, "labels.txt");
        if (!File.Exists(file))
        {
            return [.. Enumerable.Range(0, count).Select(label => label.ToString(CultureInfo.InvariantCulture))];
        }

        string[] names = ClassNameFile.Read(file);
        return names.Length == count || (names.Length > count && !exactly)
            ? names
            : throw new InvalidInputException(
                $"{file} names {names.Length} classes, one a line, where the labels hold {count}."
            )
            {
                File = file,
            };
    }
}
