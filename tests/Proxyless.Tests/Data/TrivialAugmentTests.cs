using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class TrivialAugmentTests
{
    private const int Side = 12;
    private const int Channels = 3;

    [Theory]
    [InlineData((int)ImageChange.None)]
    [InlineData((int)ImageChange.ShearX)]
    [InlineData((int)ImageChange.ShearY)]
    [InlineData((int)ImageChange.ShiftX)]
    [InlineData((int)ImageChange.ShiftY)]
    [InlineData((int)ImageChange.Rotate)]
    [InlineData((int)ImageChange.Brightness)]
    [InlineData((int)ImageChange.Contrast)]
    [InlineData((int)ImageChange.Saturation)]
    [InlineData((int)ImageChange.Sharpness)]
    public void A_change_without_strength_changes_nothing(int change)
    {
        float[] image = Noise(seed: 1);

        float[] changed = Changed(image, (ImageChange)change, 0, 1);

        AssertEqual(image, changed, 1e-3f);
    }

    [Fact]
    public void Posterizing_at_full_strength_keeps_two_bits_and_at_none_all_eight()
    {
        float[] image = Noise(seed: 2);

        AssertEqual(image.Select(MathF.Floor), Changed(image, ImageChange.Posterize, 0, 1), 0);
        AssertEqual(
            image.Select(value => MathF.Floor(value / 64) * 64),
            Changed(image, ImageChange.Posterize, 1, 1),
            0
        );
    }

    [Fact]
    public void Solarizing_inverts_what_is_at_the_threshold_or_over_it()
    {
        float[] image = Noise(seed: 3);

        AssertEqual(
            image.Select(value => value < 102 ? value : 255 - value),
            Changed(image, ImageChange.Solarize, 0.6, 1),
            1e-4f
        );
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_quarter_turn_moves_each_pixel_to_its_place(int sign)
    {
        float[] image = Noise(seed: 4);
        float[] expected = new float[image.Length];
        foreach ((int x, int y, int channel) in Places())
        {
            // Clockwise: the top row becomes the right column.
            (int fromX, int fromY) = sign > 0 ? (y, Side - 1 - x) : (Side - 1 - y, x);
            expected[At(x, y, channel)] = image[At(fromX, fromY, channel)];
        }

        AssertEqual(expected, Changed(image, ImageChange.Rotate, 90.0 / 135, sign), 1e-3f);
    }

    [Fact]
    public void A_shift_moves_by_a_seventh_of_the_side_at_most_and_leaves_black()
    {
        float[] image = Noise(seed: 5);
        float[] right = new float[image.Length];
        float[] down = new float[image.Length];
        foreach ((int x, int y, int channel) in Places())
        {
            right[At(x, y, channel)] = x < 2 ? 0 : image[At(x - 2, y, channel)];
            down[At(x, y, channel)] = y < 2 ? 0 : image[At(x, y - 2, channel)];
        }

        AssertEqual(right, Changed(image, ImageChange.ShiftX, 1, -1), 0);
        AssertEqual(down, Changed(image, ImageChange.ShiftY, 1, -1), 0);
    }

    [Fact]
    public void A_shear_moves_rows_in_proportion_to_their_distance_from_the_middle()
    {
        float[] image = Noise(seed: 6);
        float[] expected = new float[image.Length];
        const double Middle = (Side - 1) / 2.0;
        foreach ((int x, int y, int channel) in Places())
        {
            double from = x + (0.99 * (y - Middle));
            int left = (int)Math.Floor(from);
            double share = from - left;
            expected[At(x, y, channel)] = (float)(
                ((1 - share) * Inside(image, left, y, channel)) + (share * Inside(image, left + 1, y, channel))
            );
        }

        AssertEqual(expected, Changed(image, ImageChange.ShearX, 1, 1), 1e-3f);
        AssertEqual(Transposed(expected), Changed(Transposed(image), ImageChange.ShearY, 1, 1), 1e-3f);
    }

    [Fact]
    public void Sharpness_of_factor_0_is_a_mean_that_counts_the_pixel_five_times()
    {
        float[] image = Noise(seed: 7);
        float[] expected = [.. image];
        foreach ((int x, int y, int channel) in Places())
        {
            if (x is 0 or Side - 1 || y is 0 or Side - 1)
            {
                continue;
            }

            float sum = 4 * image[At(x, y, channel)];
            for (int row = y - 1; row <= y + 1; row++)
            {
                for (int column = x - 1; column <= x + 1; column++)
                {
                    sum += image[At(column, row, channel)];
                }
            }

            expected[At(x, y, channel)] = (0.01f * image[At(x, y, channel)]) + (0.99f * sum / 13);
        }

        AssertEqual(expected, Changed(image, ImageChange.Sharpness, 1, -1), 1e-3f);
    }

    [Fact]
    public void Auto_contrast_uses_the_whole_range_of_each_channel()
    {
        float[] image = [.. Noise(seed: 8).Select((value, i) => 20 + (value * (i % Channels + 1) / 5))];

        float[] changed = Changed(image, ImageChange.AutoContrast, 0, 1);

        for (int channel = 0; channel < Channels; channel++)
        {
            float[] before = Of(image, channel);
            float[] after = Of(changed, channel);
            float scale = 255 / (before.Max() - before.Min());
            AssertEqual(before.Select(value => (value - before.Min()) * scale), after, 1e-3f);
        }
    }

    [Fact]
    public void Equalizing_keeps_the_order_and_makes_halves_of_the_values_at_the_middle()
    {
        // Squares are crowded at the dark end.
        float[] image = [.. Enumerable.Range(0, 64 * 64).Select(i => MathF.Floor(i / 4096f * (i / 4096f) * 256))];

        ToneChange.Equalize(image, 1);

        Assert.True(image.Zip(image.Skip(1)).All(pair => pair.First <= pair.Second));
        Assert.InRange(image.Count(value => value < 128), 1900, 2200);
        Assert.InRange(image.Count(value => value < 64), 950, 1150);
        Assert.Equal(255, image[^1]);
    }

    [Fact]
    public void Equalizing_is_Pillows_on_a_known_image()
    {
        // Step: (8 - 1) / 255 = 0 for so few pixels, so the values are repeated: (2048 - 256) / 255 = 7.
        float[] values = [10, 10, 10, 50, 50, 90, 200, 250];
        float[] image = [.. Enumerable.Repeat(values, 256).SelectMany(one => one)];

        ToneChange.Equalize(image, 1);

        // (7 / 2 + pixels below) / 7: 0; 768; 1,280; 1,536; 1,792.
        AssertEqual([0, 0, 0, 110, 110, 183, 219, 255], image.Take(8), 0);
    }

    [Theory]
    [InlineData((int)ImageChange.AutoContrast)]
    [InlineData((int)ImageChange.Equalize)]
    public void An_image_of_one_color_stays(int change)
    {
        float[] image = [.. Enumerable.Repeat(77f, Side * Side * Channels)];

        AssertEqual(image, Changed(image, (ImageChange)change, 1, 1), 0);
    }

    [Fact]
    public void Every_change_is_drawn_and_stays_within_the_values_of_images()
    {
        float[] image = Noise(seed: 9);
        var seen = new HashSet<string>();
        for (int draw = 0; draw < 2000; draw++)
        {
            var random = new SplitMix64(draw);
            float[] changed = [.. image];
            TrivialAugment.Apply(changed, Side, Channels, ref random);
            Assert.All(changed, value => Assert.InRange(value, 0, 255.001f));
            seen.Add(string.Join(' ', changed));
        }

        // 14 changes; 7 of them in two directions and 31 strengths, 2 in 31 strengths, the others in one.
        Assert.InRange(seen.Count, 300, 700);
    }

    [Fact]
    public void Gray_images_are_changed_too()
    {
        const int Large = 4 * Side;
        float[] image = [.. Enumerable.Range(10, 16).SelectMany(seed => Noise(seed).Take(Side * Side))];
        foreach (ImageChange change in Enum.GetValues<ImageChange>())
        {
            float[] changed = [.. image];
            TrivialAugment.Apply(changed, Large, 1, change, 1, 1);
            bool stays = change is ImageChange.None or ImageChange.Saturation;
            Assert.Equal(stays, image.SequenceEqual(changed));
        }
    }

    private static float[] Changed(float[] image, ImageChange change, double strength, double sign)
    {
        float[] changed = [.. image];
        TrivialAugment.Apply(changed, Side, Channels, change, strength, sign);
        return changed;
    }

    private static float[] Noise(int seed)
    {
        var random = new SplitMix64(seed);
        float[] image = new float[Side * Side * Channels];
        foreach (ref float value in image.AsSpan())
        {
            value = (float)random.Uniform(0, 255);
        }

        return image;
    }

    private static IEnumerable<(int X, int Y, int Channel)> Places() =>
        from y in Enumerable.Range(0, Side)
        from x in Enumerable.Range(0, Side)
        from channel in Enumerable.Range(0, Channels)
        select (x, y, channel);

    private static int At(int x, int y, int channel) => (((y * Side) + x) * Channels) + channel;

    private static float Inside(float[] image, int x, int y, int channel) =>
        x is >= 0 and < Side && y is >= 0 and < Side ? image[At(x, y, channel)] : 0;

    private static float[] Transposed(float[] image) =>
        [.. Places().Select(place => image[At(place.Y, place.X, place.Channel)])];

    private static float[] Of(float[] image, int channel) => [.. image.Where((_, i) => i % Channels == channel)];

    private static void AssertEqual(IEnumerable<float> expected, IEnumerable<float> actual, float tolerance)
    {
        float[] wanted = [.. expected];
        float[] got = [.. actual];
        Assert.Equal(wanted.Length, got.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.InRange(got[i], wanted[i] - tolerance, wanted[i] + tolerance);
        }
    }
}
