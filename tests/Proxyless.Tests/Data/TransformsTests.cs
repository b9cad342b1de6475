using CsCheck;
using Proxyless.Data;
using Proxyless.Inference;
using Proxyless.Tests.Inference;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class TransformsTests
{
    private static readonly Transforms Gray = Transforms
        .ForEvaluation(4, smallImages: true, channels: 1)
        .WithoutNormalization();

    [Fact]
    public void Normalization_takes_off_the_mean_and_divides_by_the_deviation()
    {
        var image = new DecodedImage(1, 1, 3, [255, 128, 0]);
        var values = new float[3];

        Apply(Transforms.ForEvaluation(1, smallImages: true), image, values);

        Assert.Equal((1 - 0.485f) / 0.229f, values[0], 1e-5f);
        Assert.Equal((128 / 255f - 0.456f) / 0.224f, values[1], 1e-5f);
        Assert.Equal(-0.406f / 0.225f, values[2], 1e-5f);
    }

    [Fact]
    public void A_model_takes_planes_of_numbers_from_0_to_1()
    {
        var image = new DecodedImage(2, 2, 3, [255, 0, 51, 255, 0, 51, 255, 0, 51, 255, 0, 51]);

        PreprocessingRecipe recipe = PreprocessingRecipe.ForSmallImages(2, 3);
        var square = new float[recipe.Length];
        Preprocessor.Scale(image, recipe, square);

        float[] input = Preprocessor.ToInput(recipe, square);

        float[] expected = [1, 1, 1, 1, 0, 0, 0, 0, 0.2f, 0.2f, 0.2f, 0.2f];
        Assert.Equal(expected.Length, input.Length);
        Assert.All(expected.Zip(input), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void Gray_images_serve_color_networks_and_the_other_way_round()
    {
        var gray = new DecodedImage(4, 4, 1, [.. Enumerable.Repeat((byte)102, 16)]);
        var color = new float[48];
        Apply(Transforms.ForEvaluation(4, smallImages: true).WithoutNormalization(), gray, color);
        var back = new float[16];
        Apply(Gray, new DecodedImage(4, 4, 3, [.. Enumerable.Repeat((byte)102, 48)]), back);

        Assert.All(color.Concat(back), value => Assert.Equal(0.4f, value, 1e-6f));
    }

    [Fact]
    public void Erasing_leaves_the_mean_in_one_rectangle_of_2_to_33_percent_of_the_area()
    {
        const int Side = 20;
        Gen.Select(Gen.Int[0, 100_000], Gen.Bool)
            .Sample(
                (seed, color) =>
                {
                    int channels = color ? 3 : 1;
                    var square = new float[Side * Side * channels];
                    Array.Fill(square, 1f);
                    var random = new SplitMix64(seed);

                    RandomErasing.Apply(square, Side, channels, 1, ref random);

                    int[] erased =
                    [
                        .. Enumerable
                            .Range(0, Side * Side)
                            .Where(pixel => square.AsSpan(pixel * channels, channels).IndexOf(0f) >= 0),
                    ];
                    Assert.All(
                        erased,
                        pixel => Assert.False(square.AsSpan(pixel * channels, channels).ContainsAnyExcept(0f))
                    );
                    int columns = erased.Max(pixel => pixel % Side) - erased.Min(pixel => pixel % Side) + 1;
                    int rows = erased.Max(pixel => pixel / Side) - erased.Min(pixel => pixel / Side) + 1;
                    Assert.Equal(columns * rows, erased.Length);

                    // Sides are rounded to pixels.
                    Assert.InRange(
                        erased.Length,
                        0.02 * square.Length / channels * 0.7,
                        0.33 * square.Length / channels * 1.1
                    );
                }
            );
    }

    [Fact]
    public void Erasing_takes_from_the_share_of_images_it_is_told()
    {
        var random = new SplitMix64(5);
        int changed = 0;
        for (int image = 0; image < 4000; image++)
        {
            float[] square = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
            RandomErasing.Apply(square, 4, 1, 0.25, ref random);
            changed += square.Contains(0f) ? 1 : 0;
        }

        Assert.InRange(changed, 0.22 * 4000, 0.28 * 4000);
    }

    [Fact]
    public void Resampling_keeps_a_plain_picture_plain_and_stays_within_its_range()
    {
        var sizes = Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 40], Gen.Bool, Gen.Byte);
        sizes.Sample(
            (width, height, side, color, value) =>
            {
                int channels = color ? 3 : 1;
                byte[] pixels = new byte[width * height * channels];
                Array.Fill(pixels, value);
                var square = new float[side * side * channels];
                Resampler.Resample(pixels, width, height, channels, new Region(0, 0, width, height), side, square);
                return square.All(result => Math.Abs(result - value) < 0.01);
            }
        );
    }

    [Fact]
    public void Resampling_is_the_sum_over_a_triangle_as_wide_as_the_reduction()
    {
        var cases = Gen.Select(Gen.Int[3, 40], Gen.Int[3, 40], Gen.Int[1, 20], Gen.Bool, Gen.Int[0, 1000]);
        cases.Sample(
            (width, height, side, color, seed) =>
            {
                int channels = color ? 3 : 1;
                var pixels = new byte[width * height * channels];
                new Random(seed).NextBytes(pixels);
                var region = new Region(0.5, 1, width - 1, height - 2);
                var square = new float[side * side * channels];
                Resampler.Resample(pixels, width, height, channels, region, side, square);
                for (int i = 0; i < square.Length; i++)
                {
                    double expected = FilterDefinition.Value(
                        pixels,
                        width,
                        height,
                        channels,
                        region,
                        side,
                        i,
                        ImageFilter.Triangle
                    );
                    Assert.Equal(expected, square[i], 0.02);
                }
            },
            iter: 60
        );
    }

    [Fact]
    public void Random_crops_lie_within_the_image_and_keep_to_their_scale_and_ratio()
    {
        var cases = Gen.Select(Gen.Int[20, 600], Gen.Int[20, 600], Gen.Int[0, 10_000]);
        cases.Sample(
            (width, height, seed) =>
            {
                var random = new SplitMix64(seed);
                Region region = RandomResizedCrop.Draw(width, height, 0.25, 1, 4.0 / 3, ref random);
                Assert.True(region.X >= 0 && region.Y >= 0);
                Assert.True(region.X + region.Width <= width && region.Y + region.Height <= height);
                double ratio = region.Width / region.Height;

                // Sides are whole pixels, so a crop of a dozen of them can miss the ratio by half of one.
                Assert.InRange(ratio, 0.75 * 0.9, 4.0 / 3 * 1.1);
            }
        );
    }

    [Fact]
    public void Random_crops_of_a_photograph_cover_the_asked_share_of_its_area()
    {
        double[] shares =
        [
            .. Enumerable
                .Range(0, 2000)
                .Select(seed =>
                {
                    var random = new SplitMix64(seed);
                    Region region = RandomResizedCrop.Draw(500, 375, 0.25, 1, 4.0 / 3, ref random);
                    return region.Width * region.Height / (500.0 * 375);
                }),
        ];

        Assert.InRange(shares.Min(), 0.24, 0.27);
        Assert.InRange(shares.Max(), 0.9, 1.0);
        Assert.InRange(shares.Average(), 0.5, 0.68);
    }

    [Fact]
    public void The_center_crop_is_seven_eighths_of_the_shorter_side()
    {
        Region region = Region.Center(512, 256, 0.875);

        Assert.Equal(new Region(144, 16, 224, 224), region);
    }

    [Theory]
    [InlineData(224, 1)]
    [InlineData(447, 1)]
    [InlineData(448, 2)]
    [InlineData(1000, 4)]
    [InlineData(4000, 8)]
    public void A_photograph_is_decoded_no_smaller_than_the_square(int side, int denominator) =>
        Assert.Equal(denominator, Transforms.ForTraining(224, false).Denominator(new Region(0, 0, side, side + 10)));

    [Fact]
    public void Pad_and_crop_moves_the_picture_by_at_most_the_border_and_fills_with_black()
    {
        byte[] pixels = [.. Enumerable.Range(1, 64).Select(value => (byte)value)];
        Transforms transforms = Transforms
            .ForTraining(8, smallImages: true, channels: 1, flip: false)
            .WithoutNormalization();
        var shifts = new HashSet<(int, int)>();
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new SplitMix64(seed);
            var square = new float[64];
            transforms.ApplySmall(pixels, square, ref random);
            (int X, int Y)[] matching =
            [
                .. from y in Enumerable.Range(-1, 3)
                from x in Enumerable.Range(-1, 3)
                where Enumerable.Range(0, 64).All(i => Math.Abs(square[i] - Shifted(pixels, i, x, y) / 255f) < 1e-6)
                select (x, y),
            ];
            shifts.Add(Assert.Single(matching));
        }

        Assert.Equal(1, transforms.Padding);
        Assert.Equal(9, shifts.Count);
    }

    [Fact]
    public void About_half_of_the_images_are_mirrored_and_nothing_else_happens_to_them()
    {
        byte[] pixels = [.. Enumerable.Range(0, 12).Select(value => (byte)(value * 20))];
        Transforms transforms = (
            Transforms.ForTraining(2, smallImages: true) with
            {
                Padding = 0,
            }
        ).WithoutNormalization();
        float[] straight = [.. pixels.Select(value => value / 255f)];
        float[] mirrored = [.. straight[3..6], .. straight[..3], .. straight[9..12], .. straight[6..9]];
        int flips = 0;
        for (int seed = 0; seed < 1000; seed++)
        {
            var random = new SplitMix64(seed);
            var square = new float[12];
            transforms.ApplySmall(pixels, square, ref random);
            bool flipped = Math.Abs(square[0] - mirrored[0]) < 1e-6;
            flips += flipped ? 1 : 0;
            Assert.All(
                (flipped ? mirrored : straight).Zip(square),
                pair => Assert.Equal(pair.First, pair.Second, 1e-6f)
            );
        }

        Assert.InRange(flips, 430, 570);
    }

    [Fact]
    public void Saturation_alone_leaves_gray_pixels_and_every_luma_as_they_are()
    {
        float[] square = [100, 100, 100, 120, 80, 60];
        float luma = 0.299f * 120 + 0.587f * 80 + 0.114f * 60;
        var random = new SplitMix64(5);

        new ColorJitter(0, 0, 0.4).Apply(square, 3, ref random);

        Assert.Equal(100, square[0], 0.01f);
        Assert.NotEqual(120, square[3], 0.5f);
        Assert.Equal(luma, 0.299f * square[3] + 0.587f * square[4] + 0.114f * square[5], 0.01f);
    }

    [Fact]
    public void Contrast_alone_keeps_the_mean_and_brightness_alone_the_proportions()
    {
        var random = new SplitMix64(3);
        float[] contrast = [80, 100, 120, 140];
        new ColorJitter(0, 0.3, 0).Apply(contrast, 1, ref random);
        float[] brightness = [80, 100, 120, 140];
        new ColorJitter(0.3, 0, 0).Apply(brightness, 1, ref random);

        Assert.Equal(110, contrast.Average(), 0.01f);
        Assert.NotEqual(80, contrast[0], 0.5f);
        Assert.Equal(140f / 80, brightness[3] / brightness[0], 1e-4f);
        Assert.NotEqual(80, brightness[0], 0.5f);
    }

    [Fact]
    public void Colors_are_changed_and_normalized_as_defined_whatever_the_size()
    {
        float[] mean = [0.485f, 0.456f, 0.406f];
        float[] deviation = [0.229f, 0.224f, 0.225f];
        var cases = Gen.Select(Gen.Int[1, 150], Gen.Int[0, 10_000]);
        cases.Sample(
            (pixels, seed) =>
            {
                var noise = new Random(seed);
                float[] square = [.. Enumerable.Range(0, 3 * pixels).Select(_ => noise.NextSingle() * 255)];
                var drawn = new SplitMix64(seed);
                double brightness = drawn.Uniform(0.6, 1.4);
                double contrast = drawn.Uniform(0.7, 1.3);
                double saturation = drawn.Uniform(0.5, 1.5);
                static double Luma(double[] pixel) => (0.299 * pixel[0]) + (0.587 * pixel[1]) + (0.114 * pixel[2]);
                double[][] expected =
                [
                    .. square
                        .Chunk(3)
                        .Select(pixel => pixel.Select(value => Math.Min(value * brightness, 255)).ToArray()),
                ];
                double gray = expected.Average(Luma);
                for (int i = 0; i < pixels; i++)
                {
                    double[] contrasted =
                    [
                        .. expected[i].Select(value => Math.Clamp(gray + (contrast * (value - gray)), 0, 255)),
                    ];
                    double own = Luma(contrasted);
                    expected[i] =
                    [
                        .. contrasted.Select(
                            (value, c) =>
                                ((Math.Clamp(own + (saturation * (value - own)), 0, 255) / 255) - mean[c])
                                / deviation[c]
                        ),
                    ];
                }

                var random = new SplitMix64(seed);
                new ColorJitter(0.4, 0.3, 0.5).Apply(square, 3, ref random);
                Normalization.Apply(square, mean, deviation);
                Assert.All(
                    expected.SelectMany(pixel => pixel).Zip(square),
                    pair => Assert.Equal(pair.First, pair.Second, 1e-3)
                );
            },
            iter: 60
        );
    }

    private static void Apply(Transforms transforms, DecodedImage image, float[] values)
    {
        var random = new SplitMix64(0);
        Preprocessor.Scale(image, transforms.Recipe!, values);
        transforms.Finish(values, ref random);
    }

    private static float Shifted(byte[] pixels, int i, int shiftX, int shiftY)
    {
        int x = i % 8 + shiftX;
        int y = i / 8 + shiftY;
        return x is < 0 or > 7 || y is < 0 or > 7 ? 0 : pixels[y * 8 + x];
    }
}
