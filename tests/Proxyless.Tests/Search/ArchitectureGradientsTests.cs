using CsCheck;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class ArchitectureGradientsTests
{
    private static readonly Gen<double[]> Numbers = Gen.Double[-2, 2].Array[2, 7];

    [Fact]
    public void Full_path_gradients_equal_finite_differences_through_the_softmax() =>
        Numbers
            .Select(Numbers)
            .Sample(
                (logits, raw) =>
                {
                    double[] gates = Fit(raw, logits.Length);
                    double[] gradient = ArchitectureGradients.ThroughSoftmax(gates, Softmax(logits));
                    for (int k = 0; k < logits.Length; k++)
                    {
                        Assert.Equal(Difference(logits, k, x => Dot(gates, Softmax(x))), gradient[k], 1e-6);
                    }
                }
            );

    [Fact]
    public void Pair_gradients_equal_finite_differences_through_the_softmax_of_the_pair() =>
        Gen.Double[-2, 2]
            .Array[4]
            .Sample(values =>
            {
                double[] logits = values[..2];
                double[] gates = values[2..];
                double[] q = Softmax(logits);
                double gradient = ArchitectureGradients.OfPair(gates[0], gates[1], q[0] * 0.3, q[1] * 0.3);
                Assert.Equal(Difference(logits, 0, x => Dot(gates, Softmax(x))), gradient, 1e-6);
                Assert.Equal(Difference(logits, 1, x => Dot(gates, Softmax(x))), -gradient, 1e-6);
            });

    [Fact]
    public void Corrected_pairs_average_to_a_multiple_of_the_full_gradient_by_enumeration() =>
        Numbers
            .Select(Numbers)
            .Sample(
                (logits, raw) =>
                {
                    double[] gates = Fit(raw, logits.Length);
                    double[] p = Softmax(logits);
                    double[] mean = new double[p.Length];
                    for (int a = 0; a < p.Length; a++)
                    {
                        for (int b = a + 1; b < p.Length; b++)
                        {
                            double probability = p[a] * p[b] * ((1 / (1 - p[a])) + (1 / (1 - p[b])));
                            double gradient =
                                probability
                                * ArchitectureGradients.PairCorrection(p[a], p[b])
                                * ArchitectureGradients.OfPair(gates[a], gates[b], p[a], p[b]);
                            mean[a] += gradient;
                            mean[b] -= gradient;
                        }
                    }

                    double[] full = ArchitectureGradients.ThroughSoftmax(gates, p);
                    for (int k = 0; k < p.Length; k++)
                    {
                        Assert.Equal(full[k], mean[k], 1e-9);
                    }
                }
            );

    [Theory]
    [InlineData(0)]
    [InlineData(5e-324)]
    [InlineData(1e-200)]
    [InlineData(1e-17)]
    public void The_correction_of_a_pair_that_has_all_probability_is_one_whatever_underflows(double rest)
    {
        // Of two candidates the pair is drawn for certain: P{a, b} is 1 at any odds, and so is what it divides.
        Assert.Equal(1, ArchitectureGradients.PairCorrection(1 - 1e-9, 1e-9), 1e-6);
        Assert.Equal(1, ArchitectureGradients.PairCorrection(1 - rest, rest));
        Assert.Equal(1, ArchitectureGradients.PairCorrection(rest, 1 - rest));
        double gradient = ArchitectureGradients.PairCorrection(1, rest) * ArchitectureGradients.OfPair(3, -2, 1, rest);
        Assert.Equal(ArchitectureGradients.ThroughSoftmax([3, -2], [1, rest])[0], gradient, 1e-15);
    }

    [Fact]
    public void What_is_no_number_stays_none_in_gradients_of_the_entropy()
    {
        Assert.All(EntropyAnnealing.Gradient([double.NaN, 0.5], [0, 0]), slope => Assert.True(double.IsNaN(slope)));
        Assert.True(double.IsNaN(EntropyAnnealing.PairGradient(double.NaN, 0.5, 0)));
        Assert.True(
            double.IsNaN(
                ArchitectureParameters.EntropyOf([
                    [0.5, 0.5],
                    [double.NaN, 1],
                ])
            )
        );
    }

    [Fact]
    public void Leave_one_out_gradients_average_to_the_gradient_of_the_expected_loss_by_enumeration() =>
        Gen.Double[-1, 1]
            .Array[3]
            .Array[2]
            .Select(Gen.Double[-2, 2].Array[9])
            .Sample(
                (logits, losses) =>
                {
                    // Two blocks of three candidates: every path with its own loss, no additivity assumed.
                    int[][] paths = [.. Enumerable.Range(0, 9).Select(n => new[] { n / 3, n % 3 })];
                    double[][] p = [.. logits.Select(Softmax)];
                    double Probability(int n) => p[0][paths[n][0]] * p[1][paths[n][1]];
                    var mean = new double[2, 3];
                    for (int n = 0; n < 9 * 9 * 9; n++)
                    {
                        int[] drawn = [n / 81, n / 9 % 9, n % 9];
                        double[][] gradient = ArchitectureGradients.LeaveOneOut(
                            [.. drawn.Select(one => paths[one])],
                            [.. drawn.Select(one => losses[one])],
                            p
                        );
                        for (int k = 0; k < 6; k++)
                        {
                            mean[k / 3, k % 3] +=
                                drawn.Select(Probability).Aggregate((x, y) => x * y) * gradient[k / 3][k % 3];
                        }
                    }

                    for (int k = 0; k < 6; k++)
                    {
                        int block = k / 3;
                        double expected = Difference(
                            logits[block],
                            k % 3,
                            x =>
                            {
                                double[][] q = [.. p];
                                q[block] = Softmax(x);
                                return Enumerable
                                    .Range(0, 9)
                                    .Sum(n => q[0][paths[n][0]] * q[1][paths[n][1]] * losses[n]);
                            }
                        );
                        Assert.Equal(expected, mean[block, k % 3], 1e-6);
                    }
                }
            );

    [Fact]
    public void Entropy_gradients_equal_finite_differences() =>
        Numbers.Sample(logits =>
        {
            double[] costs = [.. logits.Select((logit, k) => 0.3 * k * Math.Cos(logit))];
            double[] gradient = EntropyAnnealing.Gradient(Softmax(logits), costs);
            for (int k = 0; k < logits.Length; k++)
            {
                Assert.Equal(Difference(logits, k, x => Relative(Softmax(x), costs)), gradient[k], 1e-6);
            }

            double[] q = Softmax(logits[..2]);
            Assert.Equal(
                Difference(logits[..2], 0, x => Relative(Softmax(x), costs[..2])),
                EntropyAnnealing.PairGradient(q[0], q[1], costs[0] - costs[1]),
                1e-6
            );
        });

    [Fact]
    public void Odds_that_the_costs_alone_would_give_have_the_entropy_pull_nowhere() =>
        Numbers.Sample(logits =>
            Assert.All(EntropyAnnealing.Gradient(Softmax(logits), logits), slope => Assert.Equal(0, slope, 1e-9))
        );

    [Fact]
    public void Pairs_are_drawn_without_replacement_as_often_as_the_formula_says()
    {
        var parameters = new ArchitectureParameters([4]);
        parameters.Learn(0, 0, 0.5);
        parameters.Learn(0, 1, -0.3);
        parameters.Learn(0, 2, 1.1);
        double[] p = parameters.Probabilities(0);
        var random = new Random(5);
        var counts = new int[4, 4];
        const int Draws = 100_000;
        for (int i = 0; i < Draws; i++)
        {
            (int a, int b) = parameters.SamplePair(0, random);
            Assert.NotEqual(a, b);
            counts[Math.Min(a, b), Math.Max(a, b)]++;
        }

        for (int a = 0; a < 4; a++)
        {
            for (int b = a + 1; b < 4; b++)
            {
                double expected = p[a] * p[b] * ((1 / (1 - p[a])) + (1 / (1 - p[b])));
                Assert.Equal(expected, (double)counts[a, b] / Draws, 0.01);
            }
        }
    }

    private static double[] Fit(double[] values, int length) =>
        [.. Enumerable.Range(0, length).Select(i => values[i % values.Length] + (0.1 * i))];

    private static double[] Softmax(double[] logits)
    {
        double[] exponentials = [.. logits.Select(Math.Exp)];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }

    private static double Relative(double[] p, double[] logOdds) =>
        -p.Zip(logOdds, (value, odds) => value * (Math.Log(value) - odds)).Sum();

    private static double Dot(double[] left, double[] right) => left.Zip(right, (a, b) => a * b).Sum();

    private static double Difference(double[] point, int index, Func<double[], double> function)
    {
        const double Step = 1e-5;
        double[] up = [.. point];
        double[] down = [.. point];
        up[index] += Step;
        down[index] -= Step;
        return (function(up) - function(down)) / (2 * Step);
    }
}
