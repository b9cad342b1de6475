using System.Numerics.Tensors;

namespace Proxyless.FineTuning;

/// <summary>
/// Removes the inputs of a linear map one after another, each time the one whose removal costs least, and corrects the
/// weights of the others: a weight w of an input k costs w_k^2 / (H^-1)_kk, summed over the outputs, and the others
/// change by -w_k H^-1_k / (H^-1)_kk, where H is the covariance of the inputs (Optimal Brain Surgeon, Hassibi and Stork
/// 1993; for the rows of a layer, Frantar and Alistarh, arXiv 2208.11580). After each removal the weights are exactly
/// those of least squares on the inputs that are left.
/// </summary>
internal sealed class ChannelElimination
{
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly double[][] _inverse;
    private readonly double[][] _weights;
    private readonly bool[] _isLeft;

    /// <summary>Prepares the elimination.</summary>
    /// <param name="inverse">The inverse of H, symmetric: row i at [i]; overwritten.</param>
    /// <param name="weights">The weights of input i for all outputs at [i]; overwritten.</param>
    public ChannelElimination(double[][] inverse, double[][] weights)
    {
        ArgumentNullException.ThrowIfNull(inverse);
        ArgumentNullException.ThrowIfNull(weights);
        _inputs = inverse.Length;
        _outputs = weights[0].Length;
        _inverse = inverse;
        _weights = weights;
        _isLeft = [.. inverse.Select(_ => true)];
    }

    /// <summary>The inputs that are left, in ascending order.</summary>
    public int[] Left => [.. Enumerable.Range(0, _inputs).Where(i => _isLeft[i])];

    /// <summary>The weights of an input that is left, for all outputs.</summary>
    public ReadOnlySpan<double> WeightsOf(int input) => _weights[input];

    /// <summary>Removes inputs until this many are left.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="cancellationToken">Stops between two removals.</param>
    public void RemoveTo(int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int[] left = Left;
        for (int size = left.Length; size > count; size--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int worst = left.MinBy(i => SumOfSquares(_weights[i]) / _inverse[i][i]);
            Remove(worst, left);
            left = [.. left.Where(i => i != worst)];
        }
    }

    // In order, so that the result does not depend on where the numbers are in memory.
    private static double SumOfSquares(double[] numbers)
    {
        double sum = 0;
        foreach (double number in numbers)
        {
            sum += number * number;
        }

        return sum;
    }

    private void Remove(int input, int[] left)
    {
        double[] row = _inverse[input];
        double pivot = row[input];
        foreach (int other in left.Where(i => i != input))
        {
            double factor = -row[other] / pivot;
            TensorPrimitives.MultiplyAdd(_weights[input], factor, _weights[other], _weights[other]);
            TensorPrimitives.MultiplyAdd(row, factor, _inverse[other], _inverse[other]);
        }

        _isLeft[input] = false;
        _weights[input] = new double[_outputs];
    }
}
