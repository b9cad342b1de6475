using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Proxyless.FineTuning;

/// <summary>
/// Removes the inputs of a linear map one after another, each time the one whose removal costs least, and corrects the
/// weights of the others: a weight w of an input k costs w_k^2 / (H^-1)_kk, summed over the outputs, and the others
/// change by -w_k H^-1_k / (H^-1)_kk, where H is the covariance of the inputs (Optimal Brain Surgeon, Hassibi and Stork
/// 1993; for the rows of a layer, Frantar and Alistarh, arXiv 2208.11580). After each removal the weights are exactly
/// those of least squares on the inputs that are left.
/// </summary>
/// <remarks>
/// H^-1 changes by a matrix of rank 1 with each removal. The changes of several removals are applied together, to the
/// inputs that are left then: a row is in the processor's cache for all of them.
/// </remarks>
internal sealed class ChannelElimination
{
    // Changes that wait. With more of them their share in the row of the next input takes longer than is saved.
    private const int MostPending = 32;

    private readonly double[][] _weights;
    private readonly double[] _norms;

    // Row i of the inverse up to its diagonal, for input _rows[i], without the pending changes; and its true diagonal.
    private readonly double[][] _inverse;
    private readonly double[] _diagonal;

    private readonly List<Change> _pending = [];
    private readonly bool[] _isLeft;
    private int[] _rows;

    /// <summary>Prepares the elimination.</summary>
    /// <param name="inverse">The inverse of H, symmetric: row i at [i]; overwritten.</param>
    /// <param name="weights">The weights of input i for all outputs at [i]; overwritten.</param>
    public ChannelElimination(double[][] inverse, double[][] weights)
    {
        ArgumentNullException.ThrowIfNull(inverse);
        ArgumentNullException.ThrowIfNull(weights);
        _weights = weights;
        _norms = [.. weights.Select(row => SumOfSquares(row))];
        _inverse = inverse;
        _diagonal = [.. inverse.Select((row, i) => row[i])];
        _rows = [.. Enumerable.Range(0, inverse.Length)];
        _isLeft = [.. inverse.Select(_ => true)];
    }

    /// <summary>The inputs that are left, in ascending order.</summary>
    public int[] Left => [.. _rows.Where(input => _isLeft[input])];

    /// <summary>The weights of an input that is left, for all outputs.</summary>
    public ReadOnlySpan<double> WeightsOf(int input) => _weights[input];

    /// <summary>Removes inputs until this many are left.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="cancellationToken">Stops between two removals.</param>
    public void RemoveTo(int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        for (int size = Left.Length; size > count; size--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Remove(Cheapest());
            if (_pending.Count == MostPending)
            {
                Apply();
            }
        }
    }

    /// <summary>The place of the input whose removal costs least.</summary>
    private int Cheapest()
    {
        int cheapest = -1;
        double least = double.PositiveInfinity;
        for (int i = 0; i < _rows.Length; i++)
        {
            int input = _rows[i];
            double cost = _norms[input] / _diagonal[input];
            if (_isLeft[input] && (cheapest < 0 || cost < least))
            {
                (cheapest, least) = (i, cost);
            }
        }

        return cheapest;
    }

    private void Remove(int place)
    {
        int removed = _rows[place];
        var change = new Change(Row(place), _diagonal[removed]);
        _isLeft[removed] = false;
        double[] weights = _weights[removed];
        for (int i = 0; i < _rows.Length; i++)
        {
            int input = _rows[i];
            if (_isLeft[input])
            {
                double factor = change.FactorOf(i);
                TensorPrimitives.MultiplyAdd(weights, factor, _weights[input], _weights[input]);
                _norms[input] = SumOfSquares(_weights[input]);
                _diagonal[input] += factor * change.Row[i];
            }
        }

        _pending.Add(change);
    }

    /// <summary>The row of the inverse at a place, with the pending changes.</summary>
    private double[] Row(int place)
    {
        double[] row = new double[_rows.Length];
        _inverse[place].AsSpan(0, place + 1).CopyTo(row);
        for (int i = place + 1; i < row.Length; i++)
        {
            row[i] = _inverse[i][place];
        }

        foreach (Change change in _pending)
        {
            TensorPrimitives.MultiplyAdd(change.Row, change.FactorOf(place), row, row);
        }

        return row;
    }

    /// <summary>Applies the pending changes, and forgets the rows of the inputs that were removed.</summary>
    private void Apply()
    {
        int[] places = [.. Enumerable.Range(0, _rows.Length).Where(i => _isLeft[_rows[i]])];
        Change[] changes = [.. _pending.Select(change => change.At(places))];
        for (int i = 0; i < places.Length; i++)
        {
            double[] row = _inverse[places[i]];
            for (int j = 0; j <= i; j++)
            {
                row[j] = row[places[j]];
            }

            _inverse[i] = row;
            Span<double> own = row.AsSpan(0, i + 1);
            foreach (Change change in changes)
            {
                TensorPrimitives.MultiplyAdd(change.Row.AsSpan(0, i + 1), change.FactorOf(i), own, own);
            }
        }

        _rows = [.. places.Select(i => _rows[i])];
        _pending.Clear();
    }

    // Always in the same order, so that the result does not depend on where the numbers are in memory.
    private static double SumOfSquares(ReadOnlySpan<double> numbers)
    {
        Vector256<double> sums = Vector256<double>.Zero;
        int i = 0;
        for (; i + Vector256<double>.Count <= numbers.Length; i += Vector256<double>.Count)
        {
            var some = Vector256.Create(numbers.Slice(i, Vector256<double>.Count));
            sums += some * some;
        }

        double sum = sums[0] + sums[1] + sums[2] + sums[3];
        for (; i < numbers.Length; i++)
        {
            sum += numbers[i] * numbers[i];
        }

        return sum;
    }

    /// <summary>What a removal changes: the inverse by -r r^T / p.</summary>
    /// <param name="Row">The removed row of the inverse, r, with the places of the rows.</param>
    /// <param name="Pivot">Its number on the diagonal, p.</param>
    private sealed record Change(double[] Row, double Pivot)
    {
        /// <summary>What the row at a place gets of <see cref="Row"/>.</summary>
        public double FactorOf(int place) => -Row[place] / Pivot;

        public Change At(int[] places) => new([.. places.Select(place => Row[place])], Pivot);
    }
}
