using System.Buffers.Binary;
using System.IO.Compression;
using Proxyless.Data;
using Proxyless.Inference;
using Proxyless.Runs;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Data;

/// <summary>What it costs to read an image, whatever its file claims.</summary>
public sealed class ImageMemoryTests
{
    [Theory]
    [InlineData("png")]
    [InlineData("bmp")]
    [InlineData("gif")]
    [InlineData("webp")]
    public void An_image_of_more_pixels_than_allowed_is_refused_by_its_header(string format)
    {
        byte[] file = Claims(format, 16383, 16383);
        UnreadableImageException refused = Assert.Throws<UnreadableImageException>(() =>
            ImageDecoder.Decode(file, "bomb.img")
        );
        string message = ImageFile.Refused(refused).Message;
        Assert.Equal(16383 * 16383, refused.Pixels);
        Assert.Contains("bomb.img", message, StringComparison.Ordinal);
        Assert.Contains("16383x16383", message, StringComparison.Ordinal);
        Assert.Contains("200000000", message, StringComparison.Ordinal);
        Assert.Contains($"DatasetOptions.MaxPixels = {16383 * 16383}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_that_no_limit_lets_in_is_not_said_to_be_let_in_by_one()
    {
        UnreadableImageException refused = Assert.Throws<UnreadableImageException>(() =>
            ImageDecoder.Decode(Claims("png", 30_000, 30_000), "bomb.png")
        );
        string message = ImageFile.Refused(refused).Message;
        Assert.Contains("scale it down, for no more than 500000000 can be allowed", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_lies_within_the_limit_is_a_damaged_image()
    {
        foreach (string format in (string[])["png", "bmp"])
        {
            string message = Assert
                .Throws<UnreadableImageException>(() => ImageDecoder.Decode(Claims(format, 2000, 2000), "short.img"))
                .Message;
            Assert.Contains("short.img", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_limit_is_the_one_that_is_given()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 10; i++)
        {
            folder.Add($"cat/{i}.png", TestPictures.Noise(i, 20 + i));
            folder.Add($"dog/{i}.png", TestPictures.Noise(100 + i, 20 + i));
        }

        folder.Add("cat/large.png", TestPictures.Noise(500, 50, 41));
        var options = new DatasetOptions { Location = folder.Root, MaxPixels = 50 * 40 };
        ImageDataset data = Open(options);
        Assert.Contains(
            data.Warnings,
            warning => warning.Contains("large.png: 50x41 pixels are more than the 2000", StringComparison.Ordinal)
        );
        Assert.Equal(10, data.All.ClassCounts()[0]);
        Assert.Contains(
            "large.png",
            Assert.Throws<InvalidInputException>(() => Open(options with { Strict = true })).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(11, Open(options with { MaxPixels = 50 * 41 }).All.ClassCounts()[0]);
        Assert.Throws<InvalidInputException>((options with { MaxPixels = 0 }).Validate);
        Assert.Contains(
            "DataOptions.MaxPixels = ",
            Assert
                .Throws<InvalidInputException>(() =>
                    new RunOptions { Data = new() { MaxPixels = long.MaxValue } }.Validate()
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>The warnings of a run are kept with those of its beginning, each once.</summary>
    [Fact]
    public void Of_an_image_over_the_limit_it_is_said_in_the_same_words_that_a_run_goes_on_without_it()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 4; i++)
        {
            folder.Add($"cat/{i}.png", TestPictures.Noise(i));
            folder.Add($"dog/{i}.png", TestPictures.Noise(100 + i));
        }

        folder.Add("cat/large.png", TestPictures.Noise(500, 50, 41));
        var options = new DatasetOptions { Location = folder.Root, MaxPixels = 50 * 40 };
        ImageDataset data = Open(options);
        Assert.Contains(
            data.Warnings,
            warning =>
                warning.Contains(
                    "or allow them by DatasetOptions.MaxPixels = 2050; a run that has begun goes on without it",
                    StringComparison.Ordinal
                )
        );
        Assert.Equal(data.Warnings, Open(options with { HasBegun = true }).Warnings);
    }

    [Fact]
    public void Judging_and_training_on_an_image_make_no_copies_of_its_pixels()
    {
        const int Width = 2000,
            Height = 1500;
        using var folder = new TemporaryFolder();
        byte[] png = Plain(Width, Height);
        folder.Add("cat/a.png", png);
        var source = new FileSource(
            folder.Root,
            ["cat"],
            ["a.png"],
            [png.Length],
            [0],
            DatasetOptions.DefaultMaxPixels
        );
        foreach (
            Transforms transforms in (Transforms[])
                [Transforms.ForEvaluation(32, false), Transforms.ForTraining(32, false)]
        )
        {
            var square = new float[transforms.Length];
            source.Render(0, transforms, new SplitMix64(1), square);
            long before = GC.GetAllocatedBytesForCurrentThread();
            source.Render(0, transforms, new SplitMix64(1), square);
            source.Check(0);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < Width * Height);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void A_turned_image_is_rendered_as_the_upright_one(int orientation)
    {
        using var folder = new TemporaryFolder();
        byte[] turned = TestPictures.OrientedPng(orientation);
        byte[] upright = Encode(ImageDecoder.Decode(turned, "turned.png"));
        folder.Add("cat/turned.png", turned);
        folder.Add("cat/upright.png", upright);
        var source = new FileSource(
            folder.Root,
            ["cat"],
            ["turned.png", "upright.png"],
            [turned.Length, upright.Length],
            [0, 0],
            DatasetOptions.DefaultMaxPixels
        );
        Assert.Equal(source.ReadSize(1), source.ReadSize(0));
        foreach (
            Transforms transforms in (Transforms[])
                [
                    Transforms.ForEvaluation(8, false),
                    Transforms.ForEvaluation(8, false, channels: 1),
                    Transforms.ForEvaluation(8, true),
                    Transforms.ForTraining(8, false) with
                    {
                        MinimumScale = 0.1,
                    },
                ]
        )
        {
            for (int seed = 0; seed < 10; seed++)
            {
                var first = new float[transforms.Length];
                var second = new float[transforms.Length];
                source.Render(0, transforms, new SplitMix64(seed), first);
                source.Render(1, transforms, new SplitMix64(seed), second);
                Assert.All(first.Zip(second), pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
            }
        }
    }

    [Fact]
    public async Task Threads_together_take_no_more_memory_than_there_is_and_an_image_that_is_larger_takes_it_alone()
    {
        const long Bytes = 1000;
        var memory = new DecodingMemory(Bytes);
        long[] shares = [400, 1, 999, 5000, 1000, 250, 250, 250, 250, 700];
        long used = 0;
        int holders = 0;
        using var start = new Barrier(shares.Length);
        await Task.WhenAll(
            shares.Select(share =>
                Task.Factory.StartNew(
                    () =>
                    {
                        start.SignalAndWait(TestContext.Current.CancellationToken);
                        for (int round = 0; round < 200; round++)
                        {
                            using (memory.Take(share))
                            {
                                long now = Interlocked.Add(ref used, share);
                                Interlocked.Increment(ref holders);
                                Assert.True(now <= Bytes || now == share);
                                Interlocked.Decrement(ref holders);
                                Interlocked.Add(ref used, -share);
                            }
                        }
                    },
                    TestContext.Current.CancellationToken,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default
                )
            )
        );
        Assert.Equal((0, 0), (used, holders));
    }

    [Fact]
    public void A_progressive_jpeg_is_known_by_what_its_decoder_keeps()
    {
        Assert.Equal(6, JpegHeader.CoefficientBytes(TestPictures.Quarters("progressive.jpg")));
        Assert.Equal(0, JpegHeader.CoefficientBytes(TestPictures.Quarters("baseline.jpg")));
        Assert.Equal(0, JpegHeader.CoefficientBytes(TestPictures.Oriented(6)));
        Assert.Equal(8, JpegHeader.CoefficientBytes([0xFF, 0xD8, 0xFF]));
    }

    private static ImageDataset Open(DatasetOptions options) =>
        ImageDataset.Open(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);

    /// <summary>A file of a few bytes that claims a size.</summary>
    private static byte[] Claims(string format, int width, int height)
    {
        switch (format)
        {
            case "png":
                return Png(width, height, pixels: []);
            case "bmp":
                byte[] bmp = TestPictures.Quarters("color.bmp")[..60];
                BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(18), width);
                BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(22), height);
                return bmp;
            case "gif":
                byte[] gif = TestPictures.Quarters("animated.gif");
                BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(6), (ushort)width);
                BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(8), (ushort)height);
                return gif;
            default:
                // Lossless, with 14 bits each behind the signature, less one.
                byte[] webp = TestPictures.Quarters("color.webp");
                int frame = webp.AsSpan().IndexOf("VP8L"u8) + 9;
                uint bits = BinaryPrimitives.ReadUInt32LittleEndian(webp.AsSpan(frame)) & 0xF000_0000;
                BinaryPrimitives.WriteUInt32LittleEndian(
                    webp.AsSpan(frame),
                    bits | (uint)(width - 1) | ((uint)(height - 1) << 14)
                );
                return webp;
        }
    }

    private static byte[] Plain(int width, int height) => Png(width, height, new byte[height * (1 + (3 * width))]);

    private static byte[] Png(int width, int height, byte[] pixels)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest))
        {
            zlib.Write(pixels);
        }

        return
        [
            0x89,
            .. "PNG\r\n"u8,
            0x1A,
            (byte)'\n',
            .. TestPictures.PngChunk("IHDR"u8, header),
            .. TestPictures.PngChunk("IDAT"u8, packed.ToArray()),
            .. TestPictures.PngChunk("IEND"u8, []),
        ];
    }

    private static byte[] Encode(DecodedImage image)
    {
        using var bitmap = new SKBitmap(
            new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque)
        );
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                (int red, int green, int blue) = TestPictures.Pixel(image, x, y);
                bitmap.SetPixel(x, y, new SKColor((byte)red, (byte)green, (byte)blue));
            }
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
