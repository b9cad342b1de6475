using System.Numerics.Tensors;
using Proxyless.Runtime;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Proxyless.FineTuning;

/// <summary>
/// Multinomial logistic regression: minimizes sum_i w_i l_i / sum_i w_i + penalty / 2 |W|^2, where l_i is the cross
/// entropy of row i and W are the weights of the features after the mean of each was subtracted and all were divided by
/// one number, the root of their mean variance. L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989) with
/// Armijo's rule; the problem is convex.
/// </summary>
internal sealed class LogisticRegression : IDisposable
{
    private static readonly long[] Rows = [0];

    private const int Memory = 10;
    private const int MostIterations = 200;
    private const double SmallestGradient = 1e-6;
    private const double SufficientDecrease = 1e-4;
    private const double SmallestStep = 1e-10;

    private readonly int _rows;
    private readonly int _width;
    private readonly int _classes;
    private readonly double _penalty;
    private readonly float[] _means;
    private readonly double _scale;
    private readonly Tensor _features;
    private readonly Tensor _targets;
    private readonly Tensor _rowWeights;

    /// <summary>Prepares the problem.</summary>
    /// <param name="features">Rows of equal width, at least one.</param>
    /// <param name="labels">The class of each row.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="penalty">Factor of the penalty, above 0.</param>
    /// <param name="classWeights">A weight for each class, or null for equal ones.</param>
    public LogisticRegression(
        IReadOnlyList<float[]> features,
        IReadOnlyList<int> labels,
        int classes,
        double penalty,
        IReadOnlyList<double>? classWeights = null
    )
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(penalty);
        _rows = features.Count;
        _width = features[0].Length;
        _classes = classes;
        _penalty = penalty;
        _means = new float[_width];
        foreach (float[] row in features)
        {
            TensorPrimitives.MultiplyAdd(row, 1f / _rows, _means, _means);
        }

        var centered = new double[_rows * _width];
        for (int i = 0; i < _rows; i++)
        {
            for (int j = 0; j < _width; j++)
            {
                centered[(i * _width) + j] = features[i][j] - _means[j];
            }
        }

        double variance = Dot(centered, centered) / centered.Length;
        _scale = variance > 0 ? Math.Sqrt(variance) : 1;
        TensorPrimitives.Divide(centered, _scale, centered);
        double[] weights = [.. labels.Select(label => classWeights?[label] ?? 1)];
        double total = weights.Sum();
        var targets = new double[_rows * classes];
        for (int i = 0; i < _rows; i++)
        {
            targets[(i * classes) + labels[i]] = 1;
        }

        _features = Own(centered, _rows, _width);
        _targets = Own(targets, _rows, classes);
        _rowWeights = Own([.. weights.Select(weight => weight / total)], _rows, 1);
    }

    /// <summary>The number of unknowns: weights, one row per class, then biases.</summary>
    public int Unknowns => _classes * (_width + 1);

    /// <summary>Solves it.</summary>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public LinearClassifier Solve(CancellationToken cancellationToken)
    {
        double[] solution = Minimize(cancellationToken);
        var weights = new float[_classes * _width];
        var biases = new float[_classes];
        for (int c = 0; c < _classes; c++)
        {
            double bias = solution[(_classes * _width) + c];
            for (int j = 0; j < _width; j++)
            {
                double weight = solution[(c * _width) + j] / _scale;
                weights[(c * _width) + j] = (float)weight;
                bias -= weight * _means[j];
            }

            biases[c] = (float)bias;
        }

        return new LinearClassifier(weights, biases);
    }

    /// <summary>The function that is minimized, and its gradient.</summary>
    /// <param name="unknowns">As <see cref="Unknowns"/> says.</param>
    /// <param name="gradient">Receives the gradient.</param>
    internal double Value(double[] unknowns, double[] gradient)
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        int weights = _classes * _width;
        using Tensor matrix = Own(unknowns[..weights], _classes, _width);
        using Tensor biases = Own(unknowns[weights..], _classes);
        Tensor scores = nn.functional.linear(_features, matrix, biases);
        Tensor logs = nn.functional.log_softmax(scores, 1);
        Tensor weighted = logs * _targets;
        Tensor perRow = weighted * _rowWeights;
        Tensor loss = perRow.sum();
        Tensor probabilities = logs.exp();
        Tensor differences = probabilities.sub_(_targets);
        Tensor weighed = differences * _rowWeights;
        Tensor transposed = weighed.t();
        Tensor ofMatrix = transposed.matmul(_features);
        Tensor ofBiases = weighed.sum(Rows);
        ofMatrix.data<double>().CopyTo(gradient, 0);
        ofBiases.data<double>().CopyTo(gradient, weights);
        ReadOnlySpan<double> penalized = unknowns.AsSpan(0, weights);
        TensorPrimitives.MultiplyAdd(penalized, _penalty, gradient.AsSpan(0, weights), gradient.AsSpan(0, weights));
        return -WithScalar.ToDouble(loss) + (_penalty / 2 * Dot(penalized, penalized));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _features.Dispose();
        _targets.Dispose();
        _rowWeights.Dispose();
    }

    private double[] Minimize(CancellationToken cancellationToken)
    {
        var x = new double[Unknowns];
        var gradient = new double[Unknowns];
        double value = Value(x, gradient);
        var steps = new List<(double[] Step, double[] Change)>();
        for (int n = 0; n < MostIterations && Math.Sqrt(Dot(gradient, gradient)) > SmallestGradient; n++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            double[] direction = Direction(gradient, steps);
            double slope = Dot(direction, gradient);
            double length = steps.Count == 0 ? 1 / Math.Max(1, Math.Sqrt(Dot(gradient, gradient))) : 1;
            var next = new double[Unknowns];
            var nextGradient = new double[Unknowns];
            double nextValue;
            while (true)
            {
                TensorPrimitives.MultiplyAdd(direction, length, x, next);
                nextValue = Value(next, nextGradient);
                if (nextValue <= value + (SufficientDecrease * length * slope) || length < SmallestStep)
                {
                    break;
                }

                length /= 2;
            }

            if (length < SmallestStep)
            {
                break;
            }

            var step = new double[Unknowns];
            var change = new double[Unknowns];
            TensorPrimitives.Subtract(next, x, step);
            TensorPrimitives.Subtract(nextGradient, gradient, change);
            if (Dot(step, change) > 0)
            {
                steps.Add((step, change));
                if (steps.Count > Memory)
                {
                    steps.RemoveAt(0);
                }
            }

            (x, gradient, value) = (next, nextGradient, nextValue);
        }

        return x;
    }

    /// <summary>A tensor in libtorch's memory: the address of an array depends on the garbage collector.</summary>
    private static Tensor Own(double[] values, params long[] shape)
    {
        using Tensor managed = tensor(values, shape);
        return managed.clone().DetachFromDisposeScope();
    }

    /// <summary>
    /// The sum of products, in the order of the numbers: the order of a vectorized sum depends on an address that the
    /// garbage collector chooses, and the last digits of the solution would differ each time.
    /// </summary>
    private static double Dot(ReadOnlySpan<double> one, ReadOnlySpan<double> other)
    {
        double sum = 0;
        for (int i = 0; i < one.Length; i++)
        {
            sum += one[i] * other[i];
        }

        return sum;
    }

    /// <summary>-H g, with the inverse Hessian H that the last steps suggest: the two loops of L-BFGS.</summary>
    private static double[] Direction(double[] gradient, List<(double[] Step, double[] Change)> steps)
    {
        double[] direction = [.. gradient.Select(value => -value)];
        var factors = new double[steps.Count];
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            (double[] step, double[] change) = steps[i];
            factors[i] = Dot(step, direction) / Dot(step, change);
            TensorPrimitives.MultiplyAdd(change, -factors[i], direction, direction);
        }

        if (steps.Count > 0)
        {
            (double[] step, double[] change) = steps[^1];
            TensorPrimitives.Multiply(direction, Dot(step, change) / Dot(change, change), direction);
        }

        for (int i = 0; i < steps.Count; i++)
        {
            (double[] step, double[] change) = steps[i];
            double factor = Dot(change, direction) / Dot(step, change);
            TensorPrimitives.MultiplyAdd(step, factors[i] - factor, direction, direction);
        }

        return direction;
    }
}
