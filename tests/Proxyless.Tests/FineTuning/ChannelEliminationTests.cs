using Proxyless.FineTuning;
using Xunit;

namespace Proxyless.Tests.FineTuning;

public sealed class ChannelEliminationTests
{
    private const int Inputs = 6;
    private const int Outputs = 3;
    private const int Rows = 40;

    private readonly double[][] _inputs = Random(Rows, Inputs, 1);
    private readonly double[][] _weights = Random(Inputs, Outputs, 2);

    /// <summary>
    /// Against least squares from scratch: of all inputs that could be removed, the one that costs least, each time;
    /// and then the weights that are best for the others.
    /// </summary>
    [Fact]
    public void Each_removal_costs_least_and_leaves_the_weights_of_least_squares()
    {
        double[][] outputs = Product(_inputs, _weights);
        double[][] covariance = Product(Transposed(_inputs), _inputs);
        var elimination = new ChannelElimination(Inverse(covariance), Copy(_weights));
        int[] left = [.. Enumerable.Range(0, Inputs)];
        for (int count = Inputs - 1; count >= 1; count--)
        {
            int[] cheapest = left.Select(input => left.Where(other => other != input).ToArray())
                .MinBy(others => Error(others, outputs))!;
            elimination.RemoveTo(count, TestContext.Current.CancellationToken);
            Assert.Equal(cheapest, elimination.Left);
            double[][] expected = LeastSquares(cheapest, outputs);
            for (int k = 0; k < count; k++)
            {
                Assert.All(
                    expected[k].Zip(elimination.WeightsOf(cheapest[k]).ToArray()),
                    pair => Assert.Equal(pair.First, pair.Second, 1e-9)
                );
            }

            left = cheapest;
        }
    }

    /// <summary>Changes wait, and are applied together: as if each had been applied at once.</summary>
    [Theory]
    [InlineData(77, 69)]
    [InlineData(77, 45)]
    [InlineData(77, 3)]
    public void Many_removals_are_those_of_the_formula_one_by_one(int inputs, int left)
    {
        double[][] columns = Random(2 * inputs, inputs, 3);
        double[][] inverse = Inverse(Product(Transposed(columns), columns));
        double[][] weights = Random(inputs, 5, 4);
        var elimination = new ChannelElimination(Copy(inverse), Copy(weights));
        List<int> expected = [.. Enumerable.Range(0, inputs)];
        for (int count = inputs - 1; count >= left; count--)
        {
            int removed = expected.MinBy(input =>
                weights[input].Sum(weight => weight * weight) / inverse[input][input]
            );
            expected.Remove(removed);
            double[] row = inverse[removed];
            foreach (int input in expected)
            {
                double factor = inverse[input][removed] / row[removed];
                weights[input] = [.. weights[input].Zip(weights[removed], (own, other) => own - (factor * other))];
                inverse[input] = [.. inverse[input].Zip(row, (own, other) => own - (factor * other))];
            }

            if (count % 10 == 0 || count == left)
            {
                elimination.RemoveTo(count, TestContext.Current.CancellationToken);
                Assert.Equal(expected, elimination.Left);
                Assert.All(
                    expected,
                    input =>
                        Assert.All(
                            weights[input].Zip(elimination.WeightsOf(input).ToArray()),
                            pair => Assert.Equal(pair.First, pair.Second, 1e-9)
                        )
                );
            }
        }
    }

    [Fact]
    public void One_input_stays() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new ChannelElimination(
                [
                    [1.0],
                ],
                [
                    [1.0],
                ]
            ).RemoveTo(0, TestContext.Current.CancellationToken)
        );

    private double Error(int[] inputs, double[][] outputs)
    {
        double[][] some = Columns(inputs);
        double[][] given = Product(some, LeastSquares(inputs, outputs));
        return given.Zip(outputs, (left, right) => left.Zip(right, (l, r) => (l - r) * (l - r)).Sum()).Sum();
    }

    private double[][] LeastSquares(int[] inputs, double[][] outputs)
    {
        double[][] some = Columns(inputs);
        double[][] transposed = Transposed(some);
        return Product(Inverse(Product(transposed, some)), Product(transposed, outputs));
    }

    private double[][] Columns(int[] inputs) => [.. _inputs.Select(row => inputs.Select(i => row[i]).ToArray())];

    private static double[][] Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable
                .Range(0, rows)
                .Select(_ => Enumerable.Range(0, columns).Select(_ => random.NextDouble() - 0.4).ToArray()),
        ];
    }

    private static double[][] Copy(double[][] matrix) => [.. matrix.Select(row => (double[])row.Clone())];

    private static double[][] Transposed(double[][] matrix) =>
        [.. Enumerable.Range(0, matrix[0].Length).Select(j => matrix.Select(row => row[j]).ToArray())];

    private static double[][] Product(double[][] left, double[][] right)
    {
        double[][] columns = Transposed(right);
        return [.. left.Select(row => columns.Select(column => row.Zip(column, (l, r) => l * r).Sum()).ToArray())];
    }

    /// <summary>By Gauss and Jordan.</summary>
    private static double[][] Inverse(double[][] matrix)
    {
        int n = matrix.Length;
        double[][] rows =
        [
            .. matrix.Select((row, i) => row.Concat(Enumerable.Range(0, n).Select(j => i == j ? 1.0 : 0.0)).ToArray()),
        ];
        for (int i = 0; i < n; i++)
        {
            double pivot = rows[i][i];
            rows[i] = [.. rows[i].Select(value => value / pivot)];
            for (int k = 0; k < n; k++)
            {
                double factor = rows[k][i];
                if (k != i)
                {
                    rows[k] = [.. rows[k].Zip(rows[i], (own, other) => own - (factor * other))];
                }
            }
        }

        return [.. rows.Select(row => row[n..])];
    }
}
