using Proxyless.Runtime.Kernels;
using Xunit;

namespace Proxyless.Tests.Kernels;

/// <summary>The gradients of a convolution with batch norm from sums, against measured differences of a loss.</summary>
public sealed unsafe class ExpansionGradientTests
{
    private const int Pixels = 40;
    private const int Inputs = 3;
    private const int Channels = 5;
    private const double Epsilon = 1e-3;
    private const double Step = 1e-5;

    private readonly Random _random = new(1);
    private readonly float[] _x;
    private readonly float[] _weights;
    private readonly float[] _gamma;
    private readonly float[] _beta;
    private readonly float[] _mean;
    private readonly float[] _variance;

    static ExpansionGradientTests() => Runtime.Libtorch.Load();

    public ExpansionGradientTests()
    {
        // Far from 0, so that what is centered and what is not differ.
        _x = Numbers(Pixels * Inputs, 3);
        _weights = Numbers(Channels * Inputs, -0.5);
        _gamma = Numbers(Channels, 0.5);
        _beta = Numbers(Channels, -0.5);
        _mean = Numbers(Channels, 0);
        _variance = Numbers(Channels, 0.5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_gradients_equal_differences_of_the_loss(bool usesBatch)
    {
        InputMoments moments;
        fixed (float* input = _x)
        {
            moments = InputMoments.Of(input, Pixels, Inputs);
        }

        var sums = new ChannelSums(new float[Channels], Pixels);
        double[] covariances = moments.OfOutputs(_weights, sums);
        ChannelNorm norm = usesBatch
            ? ChannelNorm.OfBatch(_gamma, _beta, sums, Epsilon, float.NegativeInfinity, float.PositiveInfinity)
            : ChannelNorm.OfRunning(
                _gamma,
                _beta,
                _mean,
                _variance,
                Epsilon,
                float.NegativeInfinity,
                float.PositiveInfinity
            );
        double[] x = Wide(_x);
        double[] weights = Wide(_weights);
        double[] gamma = Wide(_gamma);
        double[] shift = Wide(_beta);
        double[] z = Z(usesBatch, x, weights, gamma, shift);
        double[] dz = [.. z.Select(Slope)];
        var products = new double[Inputs * Channels];
        var own = new ChannelSums(new float[Channels], Pixels);
        double[] beta = own.First;
        for (int p = 0; p < Pixels; p++)
        {
            for (int c = 0; c < Channels; c++)
            {
                double gradient = dz[(p * Channels) + c];
                beta[c] += gradient;
                own.Second[c] += gradient * z[(p * Channels) + c];
                for (int i = 0; i < Inputs; i++)
                {
                    double center = usesBatch ? moments.Mean[i] : 0;
                    products[(i * Channels) + c] += gradient * (_x[(p * Inputs) + i] - center);
                }
            }
        }

        ExpansionGradient found = usesBatch
            ? ExpansionGradient.OfBatch(products, beta, _weights, norm, covariances)
            : ExpansionGradient.OfRunning(products, beta, _weights, norm);
        StatisticsGradient? ofStatistics = usesBatch ? new StatisticsGradient(own, _weights, norm, moments.Mean) : null;
        AssertNear(Differences(weights, changed => Z(usesBatch, x, changed, gamma, shift)), found.Weights);
        AssertNear(Differences(gamma, changed => Z(usesBatch, x, weights, changed, shift)), found.Gamma);
        AssertNear(Differences(shift, changed => Z(usesBatch, x, weights, gamma, changed)), found.Beta);
        AssertNear(
            Differences(x, changed => Z(usesBatch, changed, weights, gamma, shift)),
            OfInput(ofStatistics, norm, dz)
        );
    }

    private static double[] Wide(float[] values) => [.. values.Select(value => (double)value)];

    private float[] Numbers(int count, double from) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(from + _random.NextDouble()))];

    // As TiledExpansion puts it together.
    private float[] OfInput(StatisticsGradient? gradient, ChannelNorm norm, double[] dz)
    {
        var result = new float[Pixels * Inputs];
        for (int p = 0; p < Pixels; p++)
        {
            for (int i = 0; i < Inputs; i++)
            {
                double sum = gradient?.Constant[i] ?? 0;
                for (int c = 0; c < Channels; c++)
                {
                    sum += _weights[(c * Inputs) + i] * norm.Scale[c] * dz[(p * Channels) + c];
                }

                for (int j = 0; j < Inputs && gradient is not null; j++)
                {
                    sum += gradient.Factor[(j * Inputs) + i] * _x[(p * Inputs) + j];
                }

                result[(p * Inputs) + i] = (float)sum;
            }
        }

        return result;
    }

    // The gradient at z is t + z^2, which varies with z and without it.
    private static double Slope(double z, int place) => Math.Cos(place) + (z * z);

    private static double Loss(double[] z) =>
        z.Select((value, place) => (Math.Cos(place) * value) + (value * value * value / 3)).Sum();

    private double[] Z(bool usesBatch, double[] x, double[] weights, double[] gamma, double[] beta)
    {
        var z = new double[Pixels * Channels];
        for (int c = 0; c < Channels; c++)
        {
            double[] y =
            [
                .. Enumerable
                    .Range(0, Pixels)
                    .Select(p => Enumerable.Range(0, Inputs).Sum(i => weights[(c * Inputs) + i] * x[(p * Inputs) + i])),
            ];
            double mean = usesBatch ? y.Average() : _mean[c];
            double variance = usesBatch ? y.Average(value => (value - mean) * (value - mean)) : _variance[c];
            for (int p = 0; p < Pixels; p++)
            {
                z[(p * Channels) + c] = (gamma[c] * (y[p] - mean) / Math.Sqrt(variance + Epsilon)) + beta[c];
            }
        }

        return z;
    }

    private static double[] Differences(double[] at, Func<double[], double[]> z)
    {
        var result = new double[at.Length];
        for (int i = 0; i < at.Length; i++)
        {
            double[] above = [.. at];
            double[] below = [.. at];
            above[i] += Step;
            below[i] -= Step;
            result[i] = (Loss(z(above)) - Loss(z(below))) / (2 * Step);
        }

        return result;
    }

    private static void AssertNear(double[] expected, float[] actual)
    {
        double largest = expected.Max(Math.Abs);
        Assert.True(largest > 0.1, "nothing is compared");
        Assert.All(actual.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 2e-5 * largest));
    }
}
