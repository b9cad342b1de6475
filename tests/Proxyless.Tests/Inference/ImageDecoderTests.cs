using Proxyless.Inference;
using Proxyless.Tests.Data;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Inference;

public sealed class ImageDecoderTests
{
    [Theory]
    [InlineData("baseline.jpg", 12)]
    [InlineData("progressive.jpg", 6)]
    [InlineData("cmyk.jpg", 6)]
    [InlineData("color.png", 0)]
    [InlineData("palette.png", 0)]
    [InlineData("16-bit.png", 0)]
    [InlineData("color.webp", 12)]
    [InlineData("color.bmp", 0)]
    [InlineData("animated.gif", 0)]
    public void Every_format_gives_the_picture(string format, int tolerance)
    {
        DecodedImage image = ImageDecoder.Decode(TestPictures.Quarters(format), format);

        Assert.Equal((16, 16, 3), (image.Width, image.Height, image.Channels));
        AssertNear(TestPictures.Red, TestPictures.Pixel(image, 3, 3), tolerance);
        AssertNear(TestPictures.Green, TestPictures.Pixel(image, 12, 3), tolerance);
        AssertNear(TestPictures.Blue, TestPictures.Pixel(image, 3, 12), tolerance);
        AssertNear(TestPictures.Yellow, TestPictures.Pixel(image, 12, 12), tolerance);
    }

    [Fact]
    public void Sixteen_bit_gray_keeps_its_upper_byte()
    {
        DecodedImage image = ImageDecoder.Decode(TestPictures.Quarters("16-bit-gray.png"), "gray", 1);

        Assert.Equal(1, image.Channels);
        Assert.Equal(0x20, image.Pixels[2]);
        Assert.Equal(0xE0, image.Pixels[13], tolerance: 1);
    }

    [Fact]
    public void Transparency_is_laid_on_white()
    {
        DecodedImage alpha = ImageDecoder.Decode(TestPictures.HalfTransparent(), "alpha");
        DecodedImage palette = ImageDecoder.Decode(TestPictures.Quarters("transparent-palette.png"), "palette");

        Assert.Equal((0, 0, 0), TestPictures.Pixel(alpha, 4, 4));
        Assert.Equal((255, 255, 255), TestPictures.Pixel(alpha, 12, 4));
        Assert.Equal((255, 255, 255), TestPictures.Pixel(palette, 3, 3));
        Assert.Equal(TestPictures.Green, TestPictures.Pixel(palette, 12, 3));
    }

    [Theory]
    [InlineData(1, "red green blue yellow")]
    [InlineData(2, "green red yellow blue")]
    [InlineData(3, "yellow blue green red")]
    [InlineData(4, "blue yellow red green")]
    [InlineData(5, "red blue green yellow")]
    [InlineData(6, "blue red yellow green")]
    [InlineData(7, "yellow green blue red")]
    [InlineData(8, "green yellow red blue")]
    public void Exif_orientation_turns_the_picture_upright(int orientation, string expected)
    {
        DecodedImage image = ImageDecoder.Decode(TestPictures.Oriented(orientation), "exif.jpg");

        Assert.Equal(orientation < 5 ? (32, 16) : (16, 32), (image.Width, image.Height));
        int right = image.Width - 4;
        int bottom = image.Height - 4;
        string seen = string.Join(
            ' ',
            NameAt(image, 4, 4),
            NameAt(image, right, 4),
            NameAt(image, 4, bottom),
            NameAt(image, right, bottom)
        );
        Assert.Equal(expected, seen);
    }

    [Theory]
    [InlineData(1, "red green blue yellow")]
    [InlineData(2, "green red yellow blue")]
    [InlineData(3, "yellow blue green red")]
    [InlineData(4, "blue yellow red green")]
    [InlineData(5, "red blue green yellow")]
    [InlineData(6, "blue red yellow green")]
    [InlineData(7, "yellow green blue red")]
    [InlineData(8, "green yellow red blue")]
    public void Exif_orientation_counts_in_png_and_webp_too(int orientation, string expected)
    {
        foreach (
            byte[] file in (byte[][])
                [
                    TestPictures.OrientedPng(orientation),
                    TestPictures.OrientedPng(orientation, afterPixels: true),
                    TestPictures.OrientedPng(orientation, bigEndian: false),
                    TestPictures.OrientedWebp(orientation, jpegPrefix: false),
                    TestPictures.OrientedWebp(orientation, jpegPrefix: true),
                ]
        )
        {
            DecodedImage image = ImageDecoder.Decode(file, "exif");
            using EncodedImage header = EncodedImage.Open(file, "exif");

            Assert.Equal(orientation < 5 ? (32, 16) : (16, 32), (image.Width, image.Height));
            Assert.Equal((image.Width, image.Height), (header.Width, header.Height));
            int right = image.Width - 4;
            int bottom = image.Height - 4;
            string seen = string.Join(
                ' ',
                NameAt(image, 4, 4),
                NameAt(image, right, 4),
                NameAt(image, 4, bottom),
                NameAt(image, right, bottom)
            );
            Assert.Equal(expected, seen);
        }
    }

    [Fact]
    public void A_damaged_exif_chunk_leaves_the_picture_as_it_is_stored()
    {
        byte[] png = TestPictures.OrientedPng(6);
        foreach (int place in (int[])[41, 45, 51, 59])
        {
            byte[] damaged = [.. png];
            damaged[place] = 0xFF;
            DecodedImage image = ImageDecoder.Decode(damaged, "exif.png");
            Assert.Equal((32, 16), (image.Width, image.Height));
        }
    }

    [Fact]
    public void The_size_told_before_decoding_is_that_of_the_upright_image()
    {
        using EncodedImage image = EncodedImage.Open(TestPictures.Oriented(6), "exif.jpg");

        Assert.Equal((16, 32), (image.Width, image.Height));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void A_jpeg_decoded_at_a_fraction_is_the_same_picture_smaller(int denominator)
    {
        byte[] jpeg = TestPictures.Quarters("baseline.jpg");
        using EncodedImage encoded = EncodedImage.Open(jpeg, "a.jpg");

        DecodedImage image = encoded.Decode(3, denominator);

        int side = 16 / denominator;
        Assert.Equal((side, side), (image.Width, image.Height));
        AssertNear(TestPictures.Red, TestPictures.Pixel(image, 0, 0), 16);
        AssertNear(TestPictures.Yellow, TestPictures.Pixel(image, side - 1, side - 1), 16);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    public void A_part_of_a_jpeg_is_that_part_of_the_whole(int channels, int denominator)
    {
        byte[] jpeg = TestPictures.Waves(203, 151);
        Region[] regions =
        [
            new(0, 0, 203, 151),
            new(61, 37, 90, 70),
            new(0, 100, 40, 51),
            new(150.5, 3.25, 52.5, 60),
            new(202, 150, 1, 1),
        ];
        foreach (Region region in regions)
        {
            const int Side = 24;
            using EncodedImage encoded = EncodedImage.Open(jpeg, "waves.jpg");
            DecodedImage whole = encoded.Decode(channels, denominator);
            using DecodedPart? part = encoded.DecodePart(channels, denominator, region, Side);
            var expected = new float[Side * Side * channels];
            var actual = new float[expected.Length];
            Region scaled = region.Scale(whole.Width / 203.0, whole.Height / 151.0);
            Resampler.Resample(whole.Pixels, whole.Width, whole.Height, channels, scaled, Side, expected);
            Resampler.Resample(part!.Pixels, part.Columns, part.Rows, part.BytesPerPixel, part.Region, Side, actual);

            // Where a part ends, the colors of its last pixels are mixed without those beside them.
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 6f));
            Assert.True(expected.Zip(actual, (x, y) => Math.Abs(x - y)).Average() < 0.2);
        }
    }

    [Fact]
    public void What_lies_below_a_part_is_not_read_and_what_it_needs_is_missed()
    {
        byte[] jpeg = TestPictures.Waves(203, 151);
        byte[] half = jpeg[..(jpeg.Length / 2)];
        using EncodedImage upper = EncodedImage.Open(half, "half.jpg");
        using DecodedPart? part = upper.DecodePart(3, 1, new Region(10, 10, 40, 30), 8);
        Assert.True(part!.Rows < 50);

        foreach (Region missing in (Region[])[new(10, 110, 40, 40), new(0, 110, 203, 40), new(64, 110, 48, 40)])
        {
            using EncodedImage lower = EncodedImage.Open(half, "half.jpg");
            var exception = Assert.Throws<UnreadableImageException>(() => lower.DecodePart(3, 1, missing, 8));
            Assert.Contains("half.jpg", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_picture_that_is_turned_or_no_jpeg_is_decoded_as_a_whole()
    {
        using EncodedImage turned = EncodedImage.Open(TestPictures.Oriented(6), "exif.jpg");
        using EncodedImage png = EncodedImage.Open(TestPictures.Quarters("color.png"), "a.png");
        Assert.Null(turned.DecodePart(3, 1, new Region(0, 0, 8, 8), 4));
        Assert.Null(png.DecodePart(3, 1, new Region(0, 0, 8, 8), 4));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void An_image_cut_off_is_named(SKEncodedImageFormat format)
    {
        byte[] whole = TestPictures.Noise(1, 64, 64, format);

        var exception = Assert.Throws<UnreadableImageException>(() =>
            ImageDecoder.Decode(whole.AsSpan(0, whole.Length / 2), "cat.img")
        );

        Assert.Contains("cat.img", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_image_is_named()
    {
        Assert.Contains(
            "a.jpg",
            Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode("no image"u8, "a.jpg")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "empty",
            Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode([], "a.jpg")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "gone.jpg",
            Assert.Throws<FileNotFoundException>(() => ImageDecoder.Decode("gone.jpg")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Gray_is_the_luma_of_a_color()
    {
        DecodedImage image = ImageDecoder.Decode(TestPictures.Quarters("color.png"), "a.png", 1);

        Assert.Equal(0.299 * 220 + 0.587 * 30 + 0.114 * 30, image.Pixels[0], 0.51);
    }

    private static string NameAt(DecodedImage image, int x, int y)
    {
        (int red, int green, int blue) = TestPictures.Pixel(image, x, y);
        return (red > 128, green > 128, blue > 128) switch
        {
            (true, false, false) => "red",
            (false, true, false) => "green",
            (false, false, true) => "blue",
            (true, true, false) => "yellow",
            _ => "other",
        };
    }

    private static void AssertNear(
        (int Red, int Green, int Blue) expected,
        (int Red, int Green, int Blue) actual,
        int tolerance
    )
    {
        int distance = Math.Max(
            Math.Abs(expected.Red - actual.Red),
            Math.Max(Math.Abs(expected.Green - actual.Green), Math.Abs(expected.Blue - actual.Blue))
        );
        Assert.True(distance <= tolerance, $"{actual} is not within {tolerance} of {expected}.");
    }
}
