using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// Means and covariances, over images and pixels, of the hidden channels of a block and of the projected output of
/// another block: the normal equations for the first to reproduce the other's output. Outputs are in units of the batch
/// norm after them.
/// </summary>
internal sealed class HiddenStatistics
{
    private static readonly long[] OfRows = [0];

    private readonly double[][] _covariance;

    // Null if the outputs are those that the weights make of the same hidden channels.
    private readonly double[][]? _cross;
    private readonly double[] _means;
    private readonly double[] _outputMeans;
    private readonly double[] _units;
    private readonly double[][] _weights;
    private readonly BlockPath _teacher;
    private readonly BlockPath _taught;

    private HiddenStatistics(BlockPath teacher, BlockPath taught, Sums sums)
    {
        _teacher = teacher;
        _taught = taught;
        _units = UnitsOf(teacher.Project!);
        double[][] weights = Matrix(teacher.Project!.Weight.Value);
        _weights = Transposed(weights, _units);
        _means = [.. Numbers(sums.Hidden).Select(sum => sum / sums.Count)];
        _covariance = Centered(Matrix(sums.HiddenHidden), _means, _means, sums.Count);
        if (sums.OfOutputs is not { } outputs)
        {
            // In the order of the numbers: that of a vectorized sum depends on where the arrays lie.
            _outputMeans = [.. weights.Select(row => row.Zip(_means, (weight, mean) => weight * mean).Sum())];
            return;
        }

        _outputMeans = [.. Numbers(outputs.Outputs).Select(sum => sum / sums.Count)];
        _cross = Centered(Matrix(outputs.HiddenOutputs), _means, _outputMeans, sums.Count);
        foreach (double[] row in _cross)
        {
            for (int o = 0; o < row.Length; o++)
            {
                row[o] *= _units[o];
            }
        }
    }

    /// <summary>Computes the statistics.</summary>
    /// <param name="teacher">An inverted residual.</param>
    /// <param name="taught">One with the same hidden channels, and perhaps a smaller kernel.</param>
    /// <param name="inputs">Inputs of both, [N, C, H, W].</param>
    /// <param name="mostPixels">The most pixels of an image that are used.</param>
    public static HiddenStatistics Of(BlockPath teacher, BlockPath taught, IReadOnlyList<Tensor> inputs, int mostPixels)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(taught);
        ArgumentNullException.ThrowIfNull(inputs);
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using Tensor weights = teacher.Project!.Weight.Value.to(float64);
        using Tensor matrix = weights.reshape(weights.shape[0], weights.shape[1]);
        using Tensor transposed = matrix.t();
        bool isOwn = taught.Block.Operation.Kernel == teacher.Block.Operation.Kernel;
        var sums = new Sums(weights.shape[1], isOwn ? null : weights.shape[0], weights.device);
        foreach (Tensor input in inputs)
        {
            using var ofBatch = NewDisposeScope();
            Tensor expanded = teacher.Expand?.Forward(input, NormPass.Evaluation) ?? input;
            Tensor own = Rows(taught.Depthwise!.Forward(expanded, NormPass.Evaluation), mostPixels);
            sums.Add(
                own,
                isOwn
                    ? null
                    : Rows(teacher.Depthwise!.Forward(expanded, NormPass.Evaluation), mostPixels).matmul(transposed)
            );
        }

        return sums.Count > 0
            ? new HiddenStatistics(teacher, taught, sums)
            : throw new ArgumentException("there are no inputs", nameof(inputs));
    }

    /// <summary>Solves for all hidden channels; the elimination then reduces them.</summary>
    /// <param name="ridge">
    /// Weight of the penalty on the squared distance from the teacher's weights, as a fraction of the mean variance of
    /// a hidden channel: with it, too few images do no harm.
    /// </param>
    public ChannelElimination Begin(double ridge)
    {
        int width = _means.Length;
        double penalty = ridge * Enumerable.Range(0, width).Average(i => _covariance[i][i]);

        // A channel that never varies must not make the matrix singular.
        penalty = Math.Max(penalty, 1e-12);
        using var scope = NewDisposeScope();
        Tensor covariance = Square(_covariance);
        using Tensor identity = eye(width, dtype: float64);
        Tensor hessian = WithScalar.Sum(covariance, WithScalar.Times(identity, penalty));
        Tensor inverse = linalg.inv(hessian);
        if (_cross is null)
        {
            // With all hidden channels the old weights are the solution.
            return new ChannelElimination(Matrix(inverse), [.. _weights.Select(row => row.ToArray())]);
        }

        Tensor old = Square(_weights);
        Tensor cross = Square(_cross);
        Tensor weights = WithScalar.Sum(old, inverse.matmul(cross - covariance.matmul(old)));
        return new ChannelElimination(Matrix(inverse), Matrix(weights));
    }

    /// <summary>Gives a block the remaining channels, and the least-squares projection.</summary>
    /// <param name="elimination">From <see cref="Begin"/>, with as many channels left as the block has.</param>
    /// <param name="narrow">The block to overwrite.</param>
    public void Write(ChannelElimination elimination, BlockPath narrow)
    {
        ArgumentNullException.ThrowIfNull(elimination);
        ArgumentNullException.ThrowIfNull(narrow);
        using var scope = NewDisposeScope();
        int[] left = elimination.Left;
        ConvolutionLayer from = _teacher.Project!;
        Tensor index = tensor([.. left.Select(i => (long)i)], device: from.Weight.Value.device);
        if (_taught.Expand is { } expand)
        {
            Select(expand, narrow.Expand!, index);
        }

        Select(_taught.Depthwise!, narrow.Depthwise!, index);
        ConvolutionLayer to = narrow.Project!;
        NetworkTensor.CopyAll([from.Scale, from.Shift, from.Variance], [to.Scale, to.Shift, to.Variance]);
        int outputs = _units.Length;
        var weights = new double[outputs * left.Length];
        double[] means = Numbers(from.Mean.Value);
        for (int o = 0; o < outputs; o++)
        {
            double mean = 0;
            for (int k = 0; k < left.Length; k++)
            {
                double weight = elimination.WeightsOf(left[k])[o] / _units[o];
                weights[(o * left.Length) + k] = weight;
                mean += weight * _means[left[k]];
            }

            means[o] += mean - _outputMeans[o];
        }

        to.Weight.CopyFrom(tensor(weights, [outputs, left.Length, 1, 1]));
        to.Mean.CopyFrom(tensor(means));
    }

    private static void Select(ConvolutionLayer from, ConvolutionLayer to, Tensor index)
    {
        foreach ((NetworkTensor source, NetworkTensor target) in from.Tensors.Zip(to.Tensors))
        {
            target.CopyFrom(source.Value.index_select(0, index));
        }
    }

    /// <summary>
    /// The factor by which the batch norm multiplies each output; never 0, since weights are divided by it.
    /// </summary>
    private static double[] UnitsOf(ConvolutionLayer projection)
    {
        double[] scales = Numbers(projection.Scale.Value);
        double[] variances = Numbers(projection.Variance.Value);
        return
        [
            .. scales.Select(
                (scale, o) => Math.Max(Math.Abs(scale) / Math.Sqrt(variances[o] + BatchNorm.Epsilon), 1e-6)
            ),
        ];
    }

    /// <summary>[N, C, H, W] as one row for each pixel of a grid, in double precision.</summary>
    private static Tensor Rows(Tensor x, int mostPixels)
    {
        long step = (long)Math.Ceiling(Math.Sqrt((double)(x.shape[2] * x.shape[3]) / mostPixels));
        return x.slice(2, step / 2, x.shape[2], step)
            .slice(3, step / 2, x.shape[3], step)
            .permute(0, 2, 3, 1)
            .reshape(-1, x.shape[1])
            .to(float64);
    }

    private static double[] Numbers(Tensor vector)
    {
        using Tensor local = vector.to(float64, CPU).contiguous();
        return local.data<double>().ToArray();
    }

    /// <summary>The rows of a matrix [R, C] or of a 1x1 convolution [R, C, 1, 1].</summary>
    private static double[][] Matrix(Tensor matrix)
    {
        double[] numbers = Numbers(matrix);
        int columns = (int)matrix.shape[1];
        return [.. numbers.Chunk(columns)];
    }

    private static double[][] Transposed(double[][] rows, double[] units) =>
        [.. Enumerable.Range(0, rows[0].Length).Select(k => rows.Select((row, o) => row[k] * units[o]).ToArray())];

    // In libtorch's memory, whose alignment does not depend on the garbage collector.
    private static Tensor Square(double[][] rows) =>
        tensor([.. rows.SelectMany(row => row)], [rows.Length, rows[0].Length]).clone();

    private static double[][] Centered(double[][] sums, double[] left, double[] right, long count) =>
        [.. sums.Select((row, i) => row.Select((sum, j) => (sum / count) - (left[i] * right[j])).ToArray())];

    /// <summary>
    /// Sums over the rows of hidden channels, and of outputs if their number is given, in double precision.
    /// </summary>
    private sealed class Sums(long hidden, long? outputs, Device device)
    {
        // A product of the hidden channels with themselves is symmetric: of this many bands of its rows each needs only
        // the columns from its own on.
        private const int Bands = 4;

        private readonly Tensor _upper = zeros(hidden, hidden, dtype: float64, device: device);

        public long Count { get; private set; }

        public Tensor Hidden { get; } = zeros(hidden, dtype: float64, device: device);

        public Tensor HiddenHidden => WithScalar.Sum(_upper.triu(), _upper.triu(1).t());

        public (Tensor Outputs, Tensor HiddenOutputs)? OfOutputs { get; } =
            outputs is { } count
                ? (zeros(count, dtype: float64, device: device), zeros(hidden, count, dtype: float64, device: device))
                : null;

        /// <summary>Adds rows [R, hidden] and [R, outputs].</summary>
        public void Add(Tensor hidden, Tensor? outputs)
        {
            using var scope = NewDisposeScope();
            Tensor columns = hidden.t();
            long width = hidden.shape[1];
            Count += hidden.shape[0];
            InPlace.Add(Hidden, hidden.sum(OfRows));
            for (int band = 0; band < Bands; band++)
            {
                long first = width * band / Bands;
                long rows = (width * (band + 1) / Bands) - first;
                Tensor product = columns.narrow(0, first, rows).matmul(hidden.narrow(1, first, width - first));
                InPlace.Add(_upper.narrow(0, first, rows).narrow(1, first, width - first), product);
            }

            if (OfOutputs is { } sums)
            {
                InPlace.Add(sums.Outputs, outputs!.sum(OfRows));
                InPlace.Add(sums.HiddenOutputs, columns.matmul(outputs));
            }
        }
    }
}
