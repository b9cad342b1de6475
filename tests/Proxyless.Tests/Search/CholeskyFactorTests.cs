using CsCheck;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class CholeskyFactorTests
{
    private static readonly Gen<double[][]> Square = Gen.Int[1, 8]
        .SelectMany(size => Gen.Double[-1, 1].Array[size].Array[size]);

    [Fact]
    public void What_it_solves_satisfies_the_equations() =>
        Square.Sample(root =>
        {
            double[][] matrix = PositiveDefinite(root);
            double[] right = [.. root.Select(row => row[0])];
            double[] x = new CholeskyFactor(matrix).Solve(right);
            Assert.All(
                matrix.Select((row, i) => (Left: row.Zip(x, (a, b) => a * b).Sum(), Right: right[i])),
                pair => Assert.Equal(pair.Right, pair.Left, 1e-9)
            );
        });

    [Fact]
    public void Half_a_solution_has_the_length_that_the_inverse_gives() =>
        Square.Sample(root =>
        {
            // |L^-T b|^2 summed over the unit vectors b is the trace of the inverse of A.
            CholeskyFactor factor = new(PositiveDefinite(root));
            double[][] units =
            [
                .. root.Select((_, i) => Enumerable.Range(0, root.Length).Select(j => i == j ? 1.0 : 0).ToArray()),
            ];
            Assert.Equal(
                units.Select((unit, i) => factor.Solve(unit)[i]).Sum(),
                units.Sum(unit => factor.SolveTransposed(unit).Sum(x => x * x)),
                1e-9
            );
        });

    [Fact]
    public void The_determinant_is_that_of_a_matrix_worked_out_by_hand()
    {
        // 4 (5 * 6 - 1) - 2 (2 * 6 - 1 * 1) + 1 (2 * 1 - 5 * 1) = 91.
        CholeskyFactor factor = new([
            [4],
            [2, 5],
            [1, 1, 6],
        ]);
        Assert.Equal(Math.Log(91), factor.LogDeterminant, 1e-12);
    }

    [Fact]
    public void A_matrix_that_is_not_positive_definite_is_refused()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new CholeskyFactor([
                [1],
                [2, 1],
            ])
        );
        Assert.Contains("pivot 1 is -3", exception.Message, StringComparison.Ordinal);
    }

    private static double[][] PositiveDefinite(double[][] root) =>
        [
            .. root.Select(
                (row, i) =>
                    root.Select((other, j) => row.Zip(other, (a, b) => a * b).Sum() + (i == j ? 0.5 : 0)).ToArray()
            ),
        ];
}
