using CsCheck;
using Proxyless.Comparisons;
using Xunit;

namespace Proxyless.Tests.Comparisons;

public sealed class WelchTestTests
{
    // The first example of Wikipedia's article on the test, with its t, degrees of freedom and p.
    private static readonly double[] First =
    [
        27.5,
        21.0,
        19.0,
        23.6,
        17.0,
        17.9,
        16.9,
        20.1,
        21.9,
        22.6,
        23.1,
        19.6,
        19.0,
        21.7,
        21.4,
    ];
    private static readonly double[] Second =
    [
        27.1,
        22.0,
        20.8,
        23.4,
        23.4,
        23.5,
        25.8,
        22.0,
        24.8,
        20.2,
        21.9,
        22.1,
        22.9,
        20.5,
        24.4,
    ];

    [Fact]
    public void It_agrees_with_the_published_example()
    {
        WelchTest test = WelchTest.Of(First, Second)!;
        Assert.Equal(-2.46, test.T, 0.005);
        Assert.Equal(25.0, test.DegreesOfFreedom, 0.05);
        Assert.Equal(0.021, test.P, 0.0005);
    }

    [Fact]
    public void Samples_of_equal_means_are_found_different_as_often_as_p_says()
    {
        var random = new Random(3);
        double Normal(double deviation) =>
            deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        int significant = Enumerable
            .Range(0, 4000)
            .Count(_ =>
                WelchTest
                    .Of(
                        [.. Enumerable.Range(0, 3).Select(_ => Normal(1))],
                        [.. Enumerable.Range(0, 12).Select(_ => Normal(3))]
                    )!
                    .P < 0.05
            );
        Assert.InRange(significant / 4000.0, 0.035, 0.065);
    }

    [Fact]
    public void Exchanging_the_samples_exchanges_the_sign_alone() =>
        Gen.Double[0, 1]
            .Array[2, 6]
            .Select(Gen.Double[0, 1].Array[2, 6])
            .Sample(
                (first, second) =>
                {
                    WelchTest? forward = WelchTest.Of(first, second);
                    WelchTest? backward = WelchTest.Of(second, first);
                    Assert.Equal(forward is null, backward is null);
                    if (forward is not null && backward is not null)
                    {
                        Assert.Equal(forward.Difference, -backward.Difference, 1e-12);
                        Assert.Equal(forward.P, backward.P, 1e-12);
                    }
                }
            );

    [Fact]
    public void Nothing_is_tested_where_nothing_varies_or_one_value_stands_alone()
    {
        Assert.Null(WelchTest.Of([0.5], [0.4, 0.6]));
        Assert.Null(WelchTest.Of([0.5, 0.5], [0.4, 0.4]));
        Assert.Null(WelchTest.Of([0, 0], [1e-90, 0, 0, 0]));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.3)]
    [InlineData(0.7)]
    [InlineData(0.9)]
    [InlineData(0.95)]
    public void Equal_values_are_no_difference_however_many_there_are(double value)
    {
        for (int n = 2; n <= 20; n++)
        {
            for (int m = 2; m <= 20; m++)
            {
                Assert.Null(WelchTest.Of([.. Enumerable.Repeat(value, n)], [.. Enumerable.Repeat(value, m)]));
            }
        }

        Assert.Null(WelchTest.Of([.. Enumerable.Repeat(value, 12)], [0.2, 0.2]));
    }

    [Fact]
    public void What_varies_by_rounding_alone_does_not_vary()
    {
        double up = (0.7 + 0.8 + 0.9) / 3;
        double down = (0.9 + 0.8 + 0.7) / 3;
        Assert.NotEqual(up, down);
        Assert.Null(WelchTest.Of([up, down, up], [down, up]));
        Assert.Null(WelchTest.Of([up, down, up], [0.5, 0.5]));
    }
}
