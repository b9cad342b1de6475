namespace Proxyless.Search;

/// <summary>The lower triangle L of A = L L^T, for a symmetric positive definite matrix.</summary>
internal sealed class CholeskyFactor
{
    private readonly double[][] _lower;

    /// <summary>Factorizes the matrix.</summary>
    /// <param name="matrix">A, of which the lower triangle is read: row i at [i], of at least i + 1 numbers.</param>
    /// <exception cref="ArgumentException">The matrix is not positive definite.</exception>
    public CholeskyFactor(IReadOnlyList<double[]> matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        _lower = new double[matrix.Count][];
        for (int i = 0; i < _lower.Length; i++)
        {
            double[] row = _lower[i] = new double[i + 1];
            for (int j = 0; j <= i; j++)
            {
                double left = matrix[i][j] - Dot(row, _lower[j], j);
                if (j < i)
                {
                    row[j] = left / _lower[j][j];
                }
                else if (left > 0)
                {
                    row[i] = Math.Sqrt(left);
                }
                else
                {
                    throw new ArgumentException(
                        Invariant($"not positive definite: pivot {i} is {left}"),
                        nameof(matrix)
                    );
                }
            }
        }
    }

    /// <summary>log det A.</summary>
    public double LogDeterminant => 2 * _lower.Select((row, i) => Math.Log(row[i])).Sum();

    /// <summary>Solves A x = b for x.</summary>
    /// <param name="right">b.</param>
    public double[] Solve(double[] right)
    {
        ArgumentNullException.ThrowIfNull(right);
        var x = new double[_lower.Length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (right[i] - Dot(_lower[i], x, i)) / _lower[i][i];
        }

        return SolveTransposed(x);
    }

    /// <summary>
    /// Solves L^T x = b for x: for independent b of variance 1 the covariance of x is the inverse of A.
    /// </summary>
    /// <param name="right">b.</param>
    public double[] SolveTransposed(double[] right)
    {
        ArgumentNullException.ThrowIfNull(right);
        double[] x = [.. right];
        for (int i = x.Length - 1; i >= 0; i--)
        {
            x[i] /= _lower[i][i];
            for (int j = 0; j < i; j++)
            {
                x[j] -= _lower[i][j] * x[i];
            }
        }

        return x;
    }

    private static double Dot(double[] left, double[] right, int count)
    {
        double sum = 0;
        for (int k = 0; k < count; k++)
        {
            sum += left[k] * right[k];
        }

        return sum;
    }
}
