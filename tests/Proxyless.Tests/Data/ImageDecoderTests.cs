using Proxyless.Data;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class ImageDecoderTests
{
    [Theory]
    [InlineData("baseline.jpg", 12)]
    [InlineData("progressive.jpg", 6)]
    [InlineData("cmyk.jpg", 6)]
    [InlineData("colour.png", 0)]
    [InlineData("palette.png", 0)]
    [InlineData("16-bit.png", 0)]
    [InlineData("colour.webp", 12)]
    [InlineData("colour.bmp", 0)]
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
    public void Sixteen_bit_grey_keeps_its_upper_byte()
    {
        DecodedImage image = ImageDecoder.Decode(TestPictures.Quarters("16-bit-grey.png"), "grey", 1);

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
        string seen = string.Join(' ', NameAt(image, 4, 4), NameAt(image, right, 4), NameAt(image, 4, bottom), NameAt(image, right, bottom));
        Assert.Equal(expected, seen);
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
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void An_image_cut_off_is_named(SKEncodedImageFormat format)
    {
        byte[] whole = TestPictures.Noise(1, 64, 64, format);

        var exception = Assert.Throws<InvalidInputException>(() => ImageDecoder.Decode(whole.AsSpan(0, whole.Length / 2), "cat.img"));

        Assert.Contains("cat.img", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_image_is_named()
    {
        Assert.Contains("a.jpg", Assert.Throws<InvalidInputException>(() => ImageDecoder.Decode("no image"u8, "a.jpg")).Message, StringComparison.Ordinal);
        Assert.Contains("empty", Assert.Throws<InvalidInputException>(() => ImageDecoder.Decode([], "a.jpg")).Message, StringComparison.Ordinal);
        Assert.Contains("gone.jpg", Assert.Throws<InvalidInputException>(() => ImageDecoder.Decode("gone.jpg")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Grey_is_the_luma_of_a_colour()
    {
        DecodedImage image = ImageDecoder.Decode(TestPictures.Quarters("colour.png"), "a.png", 1);

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

    private static void AssertNear((int Red, int Green, int Blue) expected, (int Red, int Green, int Blue) actual, int tolerance)
    {
        int distance = Math.Max(
            Math.Abs(expected.Red - actual.Red),
            Math.Max(Math.Abs(expected.Green - actual.Green), Math.Abs(expected.Blue - actual.Blue)));
        Assert.True(distance <= tolerance, $"{actual} is not within {tolerance} of {expected}.");
    }
}
