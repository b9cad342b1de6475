using System.Buffers.Binary;
using System.IO.Compression;
using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class BinaryFormatTests
{
    private const int CifarPlane = 1024;

    [Theory]
    [InlineData("")]
    [InlineData("cifar-10-batches-bin/")]
    public void Cifar_10_is_read_with_its_planes_interleaved(string archive)
    {
        using var folder = new TemporaryFolder();
        folder.Add(archive + "data_batch_1.bin", Cifar(30, 0));
        folder.Add(archive + "data_batch_2.bin", Cifar(30, 30));
        folder.Add(archive + "test_batch.bin", Cifar(10, 60));

        ImageDataset data = Open(folder.Root);

        Assert.Equal(("cifar10", 10, 3, 32), (data.Name, data.Classes.Count, data.Channels, data.NativeResolution));
        Assert.Equal("truck", data.Classes[9]);
        Assert.Equal((60, 10), (data.Weights.Count + data.Architecture.Count, data.Test.Count));
        Assert.Equal(Enumerable.Repeat(1, 10), data.Test.ClassCounts());
        float[] pixels = Render(data.Test, 3, Transforms.ForEvaluation(32, true).WithoutNormalization());
        Assert.Equal([63, 103, 203, 64, 104, 204], Bytes(pixels[..6]));
    }

    [Fact]
    public void The_files_of_Cifar_10_may_be_links()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        using var folder = new TemporaryFolder();
        folder.Add("pool/data_batch_1.bin", Cifar(30, 0));
        folder.Add("pool/test_batch.bin", Cifar(10, 30));
        string links = Directory.CreateDirectory(Path.Combine(folder.Root, "links")).FullName;
        foreach (string name in (string[])["data_batch_1.bin", "test_batch.bin"])
        {
            File.CreateSymbolicLink(Path.Combine(links, name), $"../pool/{name}");
        }

        ImageDataset data = Open(links);
        Assert.Equal((30, 10), (data.Weights.Count + data.Architecture.Count, data.Test.Count));
    }

    [Fact]
    public void Cifar_10_cut_off_or_mislabeled_is_named()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Add("data_batch_1.bin", Cifar(30, 0)[..^1]);
        Assert.Contains(file + " is cut off", Refusal(folder.Root), StringComparison.Ordinal);

        byte[] wrong = Cifar(30, 0);
        wrong[3073] = 10;
        folder.Add("data_batch_1.bin", wrong);
        Assert.Contains("label 10", Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_files_are_read_gray_plain_or_compressed(bool compressed)
    {
        using var folder = new TemporaryFolder();
        AddIdx(folder, "train", 40, compressed);
        AddIdx(folder, "t10k", 12, compressed);

        ImageDataset data = Open(folder.Root);

        Assert.Equal((1, 6), (data.Channels, data.NativeResolution));
        Assert.Equal(["0", "1", "2", "3"], data.Classes);
        Assert.Equal(12, data.Test.Count);
        Assert.Equal(2, data.Test.Label(6));
        float[] pixels = Render(data.Test, 6, Transforms.ForEvaluation(6, true, 1).WithoutNormalization());
        Assert.Equal(36, pixels.Length);
        Assert.Equal([6, 7], Bytes(pixels[..2]));
    }

    [Fact]
    public void Idx_images_serve_color_networks_when_asked()
    {
        using var folder = new TemporaryFolder();
        AddIdx(folder, "train", 40, false);

        ImageDataset data = Open(folder.Root, 3);

        Assert.Equal(3, data.Channels);

        // Digits are not mirrored, however many channels a pretrained network has.
        Assert.True(data.AreGray);
        float[] pixels = Render(data.Test, 0, Transforms.ForEvaluation(6, true).WithoutNormalization());
        Assert.Equal(pixels[0], pixels[1]);
        Assert.Equal(pixels[0], pixels[2]);
    }

    [Fact]
    public void Idx_classes_take_their_names_from_labels_txt()
    {
        using var folder = new TemporaryFolder();
        AddIdx(folder, "train", 40, false);
        folder.Add("labels.txt", "shirt\nshoe\nbag\ncoat\n"u8.ToArray());
        Assert.Equal(["shirt", "shoe", "bag", "coat"], Open(folder.Root).Classes);

        folder.Add("labels.txt", "shirt\n"u8.ToArray());
        Assert.Contains("labels.txt names 1", Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shirt\nshoe\nshirt\ncoat\n", "names 'shirt' twice")]
    [InlineData("cafe\u0301\nshoe\nbag\ncaf\u00e9\n", "twice")]
    [InlineData("shirt\nsh\u001boe\nbag\ncoat\n", "sh\\u001Boe")]
    public void Names_of_classes_that_are_alike_or_no_line_are_refused(string names, string named)
    {
        using var idx = new TemporaryFolder();
        AddIdx(idx, "train", 40, false);
        string labels = idx.Add("labels.txt", System.Text.Encoding.UTF8.GetBytes(names));
        string refusal = Refusal(idx.Root);
        Assert.Contains(labels, refusal, StringComparison.Ordinal);
        Assert.Contains(named, refusal, StringComparison.Ordinal);

        using var cifar = new TemporaryFolder();
        cifar.Add("data_batch_1.bin", Cifar(30, 0));
        labels = cifar.Add("batches.meta.txt", System.Text.Encoding.UTF8.GetBytes(names + "4\n5\n6\n7\n8\n9\n"));
        refusal = Refusal(cifar.Root);
        Assert.Contains(labels, refusal, StringComparison.Ordinal);
        Assert.Contains(named, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_classes_that_cannot_be_read_are_told_by_their_file()
    {
        const string Unreadable = "/proc/self/mem";
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the file that nobody can read from its beginning is Linux's");
        using var folder = new TemporaryFolder();
        AddIdx(folder, "train", 40, false);
        string labels = Path.Combine(folder.Root, "labels.txt");
        File.CreateSymbolicLink(labels, Unreadable);
        Assert.StartsWith($"{labels} cannot be read", Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Fact]
    public void Idx_files_that_are_damaged_or_do_not_fit_are_named()
    {
        using var folder = new TemporaryFolder();
        AddIdx(folder, "train", 40, false);
        string images = Path.Combine(folder.Root, "train-images-idx3-ubyte");
        string labels = Path.Combine(folder.Root, "train-labels-idx1-ubyte");
        byte[] whole = File.ReadAllBytes(images);

        File.WriteAllBytes(images, whole[..^5]);
        Assert.Contains(images + " is cut off", Refusal(folder.Root), StringComparison.Ordinal);
        File.WriteAllBytes(images, [9, .. whole[1..]]);
        Assert.Contains("not an IDX file", Refusal(folder.Root), StringComparison.Ordinal);
        File.WriteAllBytes(images, whole);
        File.WriteAllBytes(labels, Idx([39], new byte[39]));
        Assert.Contains("39 labels for the 40 images", Refusal(folder.Root), StringComparison.Ordinal);
        File.Delete(labels);
        Assert.Contains("train-labels-idx1-ubyte is missing", Refusal(folder.Root), StringComparison.Ordinal);
    }

    private static byte[] Cifar(int count, int first)
    {
        var file = new byte[count * 3073];
        for (int i = 0; i < count; i++)
        {
            file[i * 3073] = (byte)(i % 10);
            for (int pixel = 0; pixel < CifarPlane; pixel++)
            {
                int offset = i * 3073 + 1 + pixel;
                file[offset] = (byte)(first + i + pixel);
                file[offset + CifarPlane] = (byte)(40 + first + i + pixel);
                file[offset + 2 * CifarPlane] = (byte)(140 + first + i + pixel);
            }
        }

        return file;
    }

    private static void AddIdx(TemporaryFolder folder, string prefix, int count, bool compressed)
    {
        byte[] pixels =
        [
            .. Enumerable.Range(0, count).SelectMany(i => Enumerable.Range(i, 36)).Select(value => (byte)value),
        ];
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % 4))];
        string suffix = compressed ? ".gz" : "";
        folder.Add($"{prefix}-images-idx3-ubyte{suffix}", Compress(Idx([count, 6, 6], pixels), compressed));
        folder.Add($"{prefix}-labels-idx1-ubyte{suffix}", Compress(Idx([count], labels), compressed));
    }

    private static byte[] Idx(int[] shape, byte[] values)
    {
        var header = new byte[4 + 4 * shape.Length];
        header[2] = 8;
        header[3] = (byte)shape.Length;
        for (int i = 0; i < shape.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), shape[i]);
        }

        return [.. header, .. values];
    }

    private static byte[] Compress(byte[] bytes, bool compressed)
    {
        if (!compressed)
        {
            return bytes;
        }

        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    private static IEnumerable<int> Bytes(float[] values) => values.Select(value => (int)MathF.Round(value * 255));

    private static float[] Render(ImageSet set, int i, Transforms transforms)
    {
        var pixels = new float[transforms.Length];
        set.Render(i, transforms, new SplitMix64(0), pixels);
        return pixels;
    }

    private static ImageDataset Open(string location, int? channels = null) =>
        ImageDataset.Open(
            new DatasetOptions { Location = location, Channels = channels },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

    private static string Refusal(string location) =>
        Assert.Throws<InvalidInputException>(() => Open(location)).Message;
}
