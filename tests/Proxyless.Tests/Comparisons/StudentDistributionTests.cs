using CsCheck;
using Proxyless.Comparisons;
using Xunit;

namespace Proxyless.Tests.Comparisons;

public sealed class StudentDistributionTests
{
    // Student's table: the t that 5 %, 1 % and 0.1 % lie beyond, two-sided.
    [Theory]
    [InlineData(1, 12.7062, 0.05)]
    [InlineData(1, 636.619, 0.001)]
    [InlineData(2, 9.92484, 0.01)]
    [InlineData(10, 2.22814, 0.05)]
    [InlineData(30, 3.64596, 0.001)]
    [InlineData(120, 1.97993, 0.05)]
    public void It_agrees_with_the_tables(double freedom, double t, double p) =>
        Assert.Equal(1, StudentDistribution.TwoSided(t, freedom) / p, 1e-5);

    // What MathNet.Numerics 5.0.0 gives, to the last digit: 2 StudentT.CDF(0, 1, freedom, -t).
    [Theory]
    [InlineData(2.46, 25.0, 0.021154303492826862)]
    [InlineData(0.1, 3.7, 0.9255252674701911)]
    [InlineData(7.5, 11.3, 1.0273173214072151E-05)]
    [InlineData(1.0, 250.5, 0.3182754941953718)]
    public void It_agrees_with_MathNet_to_the_last_digit(double t, double freedom, double p) =>
        Assert.Equal(p, StudentDistribution.TwoSided(t, freedom));

    [Fact]
    public void It_is_the_area_under_the_density()
    {
        Gen.Select(Gen.Double[0, 8], Gen.Double[1, 60])
            .Sample(
                (t, freedom) =>
                {
                    // Simpson's rule; the constant cancels between the middle and the whole, tails to 1e5 in s where x
                    // = sinh(s).
                    double Integral(double from, double to)
                    {
                        const int Steps = 4000;
                        double width = (to - from) / Steps;
                        return Enumerable
                                .Range(0, Steps + 1)
                                .Sum(i =>
                                {
                                    double x = Math.Sinh(from + (i * width));
                                    double weight =
                                        i is 0 or Steps ? 1
                                        : i % 2 == 1 ? 4
                                        : 2;
                                    return weight
                                        * Math.Pow(1 + (x * x / freedom), -(freedom + 1) / 2)
                                        * Math.Sqrt(1 + (x * x));
                                })
                            * width
                            / 3;
                    }

                    double beyond = Integral(Math.Asinh(t), 25);
                    double all = Integral(0, 25);
                    Assert.Equal(beyond / all, StudentDistribution.TwoSided(t, freedom), 1e-7);
                    Assert.Equal(StudentDistribution.TwoSided(t, freedom), StudentDistribution.TwoSided(-t, freedom));
                },
                iter: 100
            );
        Assert.Equal(1, StudentDistribution.TwoSided(0, 5));
    }

    [Fact]
    public void The_variance_is_the_mean_square_about_the_mean() =>
        Gen.Double[-5, 5]
            .Array[2, 30]
            .Sample(values =>
            {
                double mean = values.Average();
                double squares = values.Sum(value => (value - mean) * (value - mean));
                Assert.Equal(squares / (values.Length - 1), SampleVariance.Of(values), 1e-10);
            });

    [Fact]
    public void Equal_values_have_their_value_as_mean_and_no_variance() =>
        Gen.Double[-5, 5]
            .Select(Gen.Int[2, 30])
            .Sample(
                (value, count) =>
                {
                    double[] values = [.. Enumerable.Repeat(value, count)];
                    Assert.Equal(value, SampleMean.Of(values));
                    Assert.Equal(0, SampleVariance.Of(values));
                }
            );
}
