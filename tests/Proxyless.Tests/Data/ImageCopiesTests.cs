using System.Security.Cryptography;
using Proxyless.Data;
using Proxyless.Inference;
using Proxyless.Tests.Cli;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class ImageCopiesTests : IDisposable
{
    private const int Width = 500;
    private const int Height = 400;
    private const int Resolution = 32;
    private const long NoLimit = long.MaxValue;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(112, 0.25, 256)]
    [InlineData(224, 0.25, 512)]
    [InlineData(112, 0.5, 192)]
    [InlineData(80, 0.5, 192)]
    [InlineData(224, 0.08, 1024)]
    [InlineData(8, 1, 32)]
    public void The_smallest_crop_of_a_copy_has_the_pixels_that_the_network_takes(
        int resolution,
        double minimumScale,
        int expected
    )
    {
        int side = ImageCopies.SideFor(resolution, minimumScale);
        Assert.Equal(expected, side);
        Assert.True(side * Math.Sqrt(minimumScale) >= resolution);
    }

    [Fact]
    public void What_is_read_from_a_copy_is_nearly_what_is_read_from_the_photograph()
    {
        FileSource source = Source(Photograph(1), Copies());
        foreach (Transforms transforms in (Transforms[])[Augmented, Evaluated])
        {
            float[] photograph = Render(source, transforms with { CopySide = 0 }, 3);
            float[] copy = Render(source, transforms, 3);
            Assert.NotEqual(photograph, copy);
            Assert.True(photograph.Zip(copy, (one, other) => Math.Abs(one - other)).Average() < 0.02);
        }
    }

    [Fact]
    public void Nothing_depends_on_whether_the_copy_was_there_or_could_be_kept()
    {
        byte[] photograph = Photograph(2);
        float[] made = Render(Source(photograph, Copies()), Augmented, 5);
        Assert.Equal([96], Sides());
        Assert.Equal(made, Render(Source(photograph, Copies()), Augmented, 5));
        string file = _folder.Add("file", [1]);
        Assert.Equal(made, Render(Source(photograph, new ImageCopies(file, NoLimit)), Augmented, 5));
        string other = Path.Combine(_folder.Root, "other");
        Assert.Equal(made, Render(Source(photograph, new ImageCopies(other, mostBytes: 10)), Augmented, 5));
        Assert.False(Directory.Exists(other));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_read_is_the_copy_that_is_there(bool isExamined)
    {
        byte[] photograph = Photograph(9);
        float[] own = Render(Source(photograph, Copies()), Augmented, 1);
        string copy = Assert.Single(Files());
        using (EncodedImage another = EncodedImage.Open(Photograph(10), "another"))
        {
            File.WriteAllBytes(copy, ReducedImage.Encode(another, 96));
        }

        FileSource source = Source(photograph, Copies());
        if (isExamined)
        {
            source.Check(0);
        }

        Assert.NotEqual(own, Render(source, Augmented, 1));
    }

    [Fact]
    public void Images_that_are_not_much_larger_are_read_themselves()
    {
        byte[] image = TestPictures.Noise(1, 191, 300);
        FileSource source = Source(image, Copies());
        Assert.Equal(Render(source, Augmented with { CopySide = 0 }, 1), Render(source, Augmented, 1));
        source.Check(0);
        Assert.Equal(Render(source, Augmented with { CopySide = 0 }, 2), Render(source, Augmented, 2));
        Assert.Empty(Sides());
        Assert.Equal(0, source.CountCopied(96));
    }

    /// <summary>A JPEG is at most 65,500 pixels wide.</summary>
    [Fact]
    public void An_image_whose_copy_would_be_too_wide_for_a_jpeg_is_read_itself()
    {
        const int Wide = 132_000;
        const int Side = 32;
        using var bitmap = new SKBitmap(Wide, 2 * Side);
        bitmap.Erase(SKColors.SeaGreen);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        byte[] image = data.ToArray();
        Transforms copied = Augmented with { CopySide = Side };
        FileSource source = Source(image, Copies(), Side);
        float[] itself = Render(source, copied with { CopySide = 0 }, 1);
        Assert.Equal(itself, Render(source, copied, 1));
        Assert.Equal((Wide, 2 * Side), source.Check(0));
        Assert.Equal(itself, Render(source, copied, 1));
        Assert.Empty(Sides());
        Assert.Equal(0, source.CountCopied(Side));
        Assert.Equal(Side, ImageCopies.LargestSide(2 * JpegEncoding.LargestSide, 2 * Side));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(2000)]
    public void A_damaged_copy_is_made_again(int length)
    {
        byte[] photograph = Photograph(3);
        float[] whole = Render(Source(photograph, Copies()), Augmented, 1);
        string copy = Assert.Single(Files());
        byte[] bytes = File.ReadAllBytes(copy);
        foreach (bool isExamined in (bool[])[false, true])
        {
            File.WriteAllBytes(copy, bytes[..length]);
            FileSource source = Source(photograph, Copies());
            if (isExamined)
            {
                source.ReadSize(0);
            }

            Assert.Equal(whole, Render(source, Augmented, 1));
            Assert.Equal(bytes, File.ReadAllBytes(copy));
        }
    }

    [Fact]
    public void Examining_makes_the_copies_and_decodes_no_photograph_that_has_one()
    {
        byte[] photograph = Photograph(4);
        FileSource source = Source(photograph, Copies(), side: 96);
        Assert.Equal((Width, Height), source.Check(0));
        Assert.Equal(1, source.CountCopied(96));
        byte[] copy = File.ReadAllBytes(Assert.Single(Files()));

        // A photograph that is cut off is found, and leaves no copy; with a copy under its hash it is not decoded.
        byte[] cut = photograph[..^3000];
        Assert.Throws<InvalidInputException>(() => Source(cut, Copies(), side: 96).Check(0));
        Assert.Throws<InvalidInputException>(() => Source(cut, Copies()).Check(0));
        Assert.Single(Files());
        string hash = Convert.ToHexStringLower(SHA256.HashData(cut))[..32];
        _folder.Add($"copies/v1/96/{hash[..2]}/{hash[2..]}.jpg", copy);
        Assert.Equal((Width, Height), Source(cut, Copies(), side: 96).Check(0));
        Assert.Equal((Width, Height), Source(cut, Copies()).Check(0));
    }

    [Fact]
    public void Only_the_owner_can_read_a_copy()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("permissions are inherited there");
            return;
        }

        Render(Source(Photograph(7), Copies()), Augmented, 1);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Files())));
    }

    [Fact]
    public void A_turned_photograph_has_an_upright_copy()
    {
        for (int orientation = 1; orientation <= 8; orientation++)
        {
            byte[] turned = TestPictures.OrientedPng(orientation);
            using EncodedImage image = EncodedImage.Open(turned, "turned.png");
            int side = image.ShorterSide;
            DecodedImage copy = ImageDecoder.Decode(ReducedImage.Encode(image, side), "copy");
            DecodedImage upright = ImageDecoder.Decode(turned, "turned.png");
            Assert.Equal((upright.Width, upright.Height), (copy.Width, copy.Height));
            Assert.True(upright.Pixels.Zip(copy.Pixels, (one, other) => Math.Abs(one - other)).Average() < 8);
        }
    }

    [Fact]
    public void Many_at_once_make_the_same_copies_and_leave_nothing_else()
    {
        byte[][] photographs = [.. Enumerable.Range(0, 4).Select(Photograph)];
        float[][] expected = [.. photographs.Select(each => Render(Source(each, null), Augmented, 1))];
        var made = new float[32][];
        Parallel.For(
            0,
            made.Length,
            i => made[i] = Render(Source(photographs[i % 4], Copies()), Augmented with { CopySide = 96 }, 1)
        );
        Assert.All(Enumerable.Range(0, made.Length), i => Assert.Equal(made[i % 4], made[i]));
        Assert.All(Enumerable.Range(0, 4), i => Assert.NotEqual(expected[i], made[i]));
        Assert.Equal(4, Files().Length);
    }

    [Fact]
    public void Copies_that_were_not_used_for_longest_make_room_for_those_of_other_photographs()
    {
        for (int i = 0; i < 10; i++)
        {
            string copy = _folder.Add($"copies/v1/96/0{i}/a.jpg", new byte[10_000]);
            File.SetLastWriteTimeUtc(copy, DateTime.UtcNow.AddDays(-i));
        }

        Assert.Equal(100_000, new ImageCopies(Root, 120_000).Bytes);
        var full = new ImageCopies(Root, 100_000);
        Assert.Equal((70_000, 30_000), (full.Bytes, full.BytesLeft));
        Assert.True(full.HasRoomFor(10, 96));
        Assert.False(full.HasRoomFor(11, 96));
        string[] folders = ["00", "01", "02", "03", "04", "05", "06"];
        Assert.Equal(folders, Files().Select(file => Path.GetFileName(Path.GetDirectoryName(file))));
        Render(Source(Photograph(5), full), Augmented, 1);
        Assert.Equal(folders.Length + 1, Files().Length);
        Assert.Equal(70_000 + new FileInfo(Files().Single(file => !file.EndsWith("a.jpg"))).Length, full.Bytes);
    }

    [Fact]
    public void A_disk_that_is_nearly_full_is_left_to_the_run()
    {
        byte[] photograph = Photograph(8);
        Render(Source(photograph, new ImageCopies(Root, NoLimit, () => 1000)), Augmented, 1);
        Assert.Empty(Files());
        Render(Source(photograph, new ImageCopies(Root, NoLimit, () => 1_000_000)), Augmented, 1);
        Assert.Single(Files());
    }

    [Fact]
    public void A_disk_that_others_fill_meanwhile_is_left_to_them()
    {
        long free = 1_000_000;
        var copies = new ImageCopies(Root, NoLimit, () => free, checkedBytes: 1);
        using EncodedImage image = EncodedImage.Open(Photograph(8), "photograph");
        copies.Make(image, 1UL, 96);
        Assert.Single(Files());
        free = 400_000;
        copies.Make(image, 2UL, 96);
        Assert.Single(Files());
        Assert.Equal(0, copies.BytesLeft);
        Assert.Equal(new FileInfo(Files()[0]).Length, copies.Bytes);
    }

    [Fact]
    public void What_other_processes_keep_meanwhile_counts()
    {
        var copies = new ImageCopies(Root, 100_000, () => NoLimit, checkedBytes: 1);
        using EncodedImage image = EncodedImage.Open(Photograph(8), "photograph");
        copies.Make(image, 1UL, 96);
        Assert.Single(Files());
        _folder.Add("copies/v1/96/00/a.jpg", new byte[100_000]);
        copies.Make(image, 2UL, 96);
        Assert.Equal(2, Files().Length);
        Assert.Equal(0, copies.BytesLeft);
    }

    [Fact]
    public void A_copy_that_is_used_again_counts_as_new()
    {
        byte[] photograph = Photograph(6);
        Render(Source(photograph, Copies()), Augmented, 1);
        string copy = Assert.Single(Files());
        File.SetLastWriteTimeUtc(copy, DateTime.UtcNow.AddDays(-30));
        Render(Source(photograph, Copies()), Augmented, 1);
        Assert.True(File.GetLastWriteTimeUtc(copy) > DateTime.UtcNow.AddDays(-1));
    }

    [Fact]
    public void A_run_makes_copies_says_so_and_is_the_same_with_those_that_are_there()
    {
        for (int i = 0; i < 24; i++)
        {
            _folder.Add($"photos/{(i % 2 == 0 ? "a" : "b")}/{i}.jpg", Photograph(i));
        }

        var environment = new Dictionary<string, string?> { ["PROXYLESS_CACHE"] = Path.Combine(_folder.Root, "cache") };
        string[] train =
        [
            "train",
            "--data",
            "photos",
            "--arch",
            "proxyless-mobile",
            "--resolution",
            "32",
            "--train-epochs",
            "1",
            "--batch-size",
            "4",
            "--threads",
            "1",
            "--out",
        ];
        CommandLineRun without = CommandProcess.Run(
            _folder.Root,
            environment,
            [.. train, "without", "--no-image-cache"]
        );
        Assert.True(without.ExitCode == 0, without.Error);
        string copies = Path.Combine(_folder.Root, "cache", "images");
        Assert.False(Directory.Exists(copies));
        CommandLineRun first = CommandProcess.Run(_folder.Root, environment, [.. train, "first"]);
        Assert.True(first.ExitCode == 0, first.Error);
        Assert.Contains(
            $"24 photographs are much larger than 32 pixels: copies of 96 pixels in '{copies}' stand for them",
            first.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("--no-image-cache reads the photographs", first.Error, StringComparison.Ordinal);
        Assert.Equal(24, Directory.GetFiles(copies, "*.jpg", SearchOption.AllDirectories).Length);
        CommandLineRun second = CommandProcess.Run(_folder.Root, environment, [.. train, "second"]);
        Assert.True(second.ExitCode == 0, second.Error);
        byte[] Weights(string run) =>
            File.ReadAllBytes(Path.Combine(_folder.Root, run, "checkpoints", "last.safetensors"));
        Assert.Equal(Weights("first"), Weights("second"));
        Assert.NotEqual(Weights("first"), Weights("without"));
    }

    private static Transforms Augmented =>
        Transforms.ForTraining(Resolution, false).WithoutNormalization() with
        {
            CopySide = 96,
            Jitter = ColorJitter.None,
        };

    private static Transforms Evaluated =>
        Transforms.ForEvaluation(Resolution, false).WithoutNormalization() with
        {
            CopySide = 96,
        };

    private string Root => Path.Combine(_folder.Root, "copies");

    private ImageCopies Copies() => new(Root, NoLimit);

    private string[] Files() =>
        Directory.Exists(Root)
            ? [.. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
            : [];

    private int[] Sides() =>
        Directory.Exists(Root)
            ?
            [
                .. Directory
                    .EnumerateDirectories(Path.Combine(Root, "v1"))
                    .Select(side => int.Parse(Path.GetFileName(side))),
            ]
            : [];

    /// <summary>A source with one image, on a folder of its own.</summary>
    private FileSource Source(byte[] image, ImageCopies? copies, int side = 0)
    {
        string name = $"{Guid.NewGuid():N}.jpg";
        _folder.Add($"photos-of-tests/cat/{name}", image);
        var source = new FileSource(
            Path.Combine(_folder.Root, "photos-of-tests"),
            ["cat"],
            [name],
            [image.Length],
            [0],
            DatasetOptions.DefaultMaxPixels
        );
        if (copies is not null)
        {
            source.UseCopies(copies, side);
        }

        return source;
    }

    private static float[] Render(FileSource source, Transforms transforms, int seed)
    {
        var square = new float[transforms.Length];
        source.Render(0, transforms, new SplitMix64(seed), square);
        return square;
    }

    /// <summary>Smooth colors with some noise.</summary>
    private static byte[] Photograph(int seed)
    {
        var random = new Random(seed);
        var values = new float[Width * Height * 3];
        for (int i = 0; i < values.Length; i++)
        {
            int pixel = i / 3;
            double wave = Math.Sin((pixel % Width / 40.0) + seed + (i % 3)) * Math.Cos((pixel / Width / 30.0) + seed);
            values[i] = (float)(128 + (100 * wave)) + random.Next(-4, 5);
        }

        return JpegEncoding.Encode(values, Width, Height, channels: 3, quality: 90);
    }
}
