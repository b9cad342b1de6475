using Proxyless.Quantization;
using Xunit;

namespace Proxyless.Tests.Quantization;

public sealed class QuantizedWeightsTests
{
    private const float InputScale = 6 / 255f;

    [Theory]
    [InlineData(8)]
    [InlineData(7)]
    public void Every_weight_and_bias_is_near_its_integer(int bits)
    {
        int largest = new QuantizationSettings { WeightBits = bits }.LargestWeight;
        float[] weights = Random(12 * 9, seed: 1);
        float[] biases = Random(12, seed: 2);
        var rounded = QuantizedWeights.Of(weights, biases, InputScale, largest);
        for (int i = 0; i < weights.Length; i++)
        {
            float scale = rounded.Scales[i / 9];
            Assert.Equal(weights[i], rounded.Weights[i] * scale, 0.501f * scale);
        }

        for (int o = 0; o < biases.Length; o++)
        {
            Assert.Equal(InputScale * rounded.Scales[o], rounded.BiasScales[o], 1e-9f);
            Assert.Equal(biases[o], rounded.Biases[o] * rounded.BiasScales[o], 0.501f * rounded.BiasScales[o]);
            Assert.Equal(largest, rounded.Weights.AsSpan(o * 9, 9).ToArray().Max(weight => Math.Abs((int)weight)));
        }
    }

    [Fact]
    public void A_channel_of_almost_no_weight_keeps_its_bias()
    {
        var rounded = QuantizedWeights.Of([1e-20f, 0, 0, 0], [3.5f, -2], InputScale, 127);
        Assert.Equal(3.5f, rounded.Biases[0] * rounded.BiasScales[0], 1e-4f);
        Assert.Equal(-2f, rounded.Biases[1] * rounded.BiasScales[1], 1e-4f);
    }

    /// <summary>
    /// The arithmetic of x86 processors without VNNI, by its definition (VPMADDUBSW): products of integers without and
    /// with sign are added in pairs and held in 16 bits, then the pairs are added in 32.
    /// </summary>
    [Fact]
    public void Sums_of_weights_of_seven_bits_do_not_saturate_and_those_of_eight_do()
    {
        float[] weights = [.. Random(64, seed: 3).Select(weight => weight > 0 ? 1 : weight)];
        byte[] inputs = [.. Enumerable.Repeat(byte.MaxValue, 64)];
        foreach (int bits in (int[])[QuantizationSettings.BitsWhereSaturated, QuantizationSettings.Bits])
        {
            int largest = new QuantizationSettings { WeightBits = bits }.LargestWeight;
            sbyte[] rounded = QuantizedWeights.Of(weights, [0], InputScale, largest).Weights;
            int exact = 0;
            int saturated = 0;
            for (int i = 0; i < inputs.Length; i += 2)
            {
                int pair = (inputs[i] * rounded[i]) + (inputs[i + 1] * rounded[i + 1]);
                exact += pair;
                saturated += Math.Clamp(pair, short.MinValue, short.MaxValue);
            }

            Assert.Equal(bits == QuantizationSettings.BitsWhereSaturated, exact == saturated);
        }
    }

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
    }
}
