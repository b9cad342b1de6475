using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>One call of one kernel, compared with the time of its multiply-adds at the measured peak.</summary>
internal sealed record KernelShareRow
{
    /// <summary>What is computed, and for which shape.</summary>
    public required string Kernel { get; init; }

    /// <summary>Channels of the side of a product that has fewer, or of a depthwise convolution.</summary>
    public required int Channels { get; init; }

    /// <summary>Median milliseconds.</summary>
    public required double Ms { get; init; }

    /// <summary>Milliseconds of its multiply-adds at the measured peak.</summary>
    public required double PeakMs { get; init; }

    /// <summary>The part of the peak that it reaches.</summary>
    public double Share => PeakMs / Ms;
}

/// <summary>Times the products of matrices and the depthwise convolutions of a space's blocks, each alone.</summary>
internal static unsafe class KernelShareBench
{
    /// <summary>Measures every shape once.</summary>
    /// <param name="options">
    /// Space, batch, resolution, threads; <see cref="BenchOptions.Steps"/> are the timed calls of each kernel.
    /// </param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two shapes.</param>
    /// <returns>The kernel that is farthest from the peak first.</returns>
    public static IReadOnlyList<KernelShareRow> Measure(
        BenchOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        SearchSpace space = StepBench.Sized(options);
        Libtorch.Load();
        int threads = ThreadCount.Of(options.Threads, observer);
        set_num_threads(threads);
        double peak = MachinePeak.MultiplyAdds(threads);
        Block[] blocks = BlockStep.BlocksOf(space);
        Pointwise[] products = [.. blocks.SelectMany(block => ProductsOf(block, options.Batch)).Distinct()];
        DepthwiseShape[] convolutions = [.. blocks.Select(block => ShapeOf(block, options.Batch)).Distinct()];
        var progress = new Progress(observer, "bench", 0, products.Length + convolutions.Length);
        var rows = new List<KernelShareRow>();
        int done = 0;
        void Add((string Pass, double MultiplyAdds, Action Call)[] calls, string name, int channels)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (done == 0 || done == products.Length)
            {
                BlockStep.WarmUp(() => Array.ForEach(calls, each => each.Call()), isFirst: true);
            }

            foreach ((string pass, double multiplyAdds, Action call) in calls)
            {
                call();
                rows.Add(
                    new KernelShareRow
                    {
                        Kernel = $"{name}: {pass}",
                        Channels = channels,
                        Ms = BlockStep.Medians([call], options.Steps)[0],
                        PeakMs = 1e3 * multiplyAdds / peak,
                    }
                );
            }

            progress.Report(++done, name);
        }

        foreach (Pointwise shape in products)
        {
            using var product = new ProductCalls(shape);
            Add(product.Calls, $"1x1 {shape.Inputs} to {shape.Outputs}, {shape.Pixels} pixels", shape.Narrow);
        }

        foreach (DepthwiseShape shape in convolutions)
        {
            using var convolution = new DepthwiseCalls(shape);
            Add(
                convolution.Calls,
                $"{shape.Kernel}x{shape.Kernel} {shape.Channels}x{shape.Height}x{shape.Width} s{shape.Stride}",
                shape.Channels
            );
        }

        return [.. rows.OrderBy(row => row.Share)];
    }

    private static IEnumerable<Pointwise> ProductsOf(Block block, int batch)
    {
        DepthwiseShape shape = ShapeOf(block, batch);
        if (block.Operation.HasExpansion)
        {
            yield return new Pointwise(shape.Pixels, block.InputWidth, shape.Channels);
        }

        yield return new Pointwise(shape.OutputPixels, shape.Channels, block.OutputWidth);
    }

    private static DepthwiseShape ShapeOf(Block block, int batch) =>
        new(
            batch,
            block.InputResolution,
            block.InputResolution,
            block.HiddenWidth,
            block.Operation.Kernel,
            block.Stride,
            Before: block.Operation.Kernel / 2
        );

    private static AlignedBuffer Noise(int seed, long count)
    {
        var random = new Random(seed);
        var buffer = new AlignedBuffer(count);
        for (long i = 0; i < count; i++)
        {
            buffer.Data[i] = random.NextSingle() - 0.5f;
        }

        return buffer;
    }

    private readonly record struct Pointwise(int Pixels, int Inputs, int Outputs)
    {
        public int Narrow => Math.Min(Inputs, Outputs);
    }

    private sealed class ProductCalls(Pointwise shape) : IDisposable
    {
        private readonly AlignedBuffer _x = Noise(1, (long)shape.Pixels * shape.Inputs);
        private readonly AlignedBuffer _y = Noise(2, (long)shape.Pixels * shape.Outputs);
        private readonly AlignedBuffer _weights = Noise(3, (long)shape.Inputs * shape.Outputs);

        // Never read: what is computed from results again and again soon is no number.
        private readonly AlignedBuffer _result = new((long)shape.Pixels * Math.Max(shape.Inputs, shape.Outputs));
        private readonly AlignedBuffer _sums = Noise(4, (long)shape.Inputs * shape.Outputs);

        public (string Pass, double MultiplyAdds, Action Call)[] Calls
        {
            get
            {
                double work = (double)shape.Pixels * shape.Inputs * shape.Outputs;
                return
                [
                    ("output", work, Output),
                    ("gradient of the input", work, InputGradient),
                    ("gradient of the weights", work, WeightGradient),
                ];
            }
        }

        public void Dispose()
        {
            _x.Dispose();
            _y.Dispose();
            _weights.Dispose();
            _result.Dispose();
            _sums.Dispose();
        }

        private void Output() =>
            MatrixProducts.Multiply(_x.Data, _weights.Data, shape.Pixels, shape.Inputs, shape.Outputs, _result.Data);

        private void InputGradient() =>
            MatrixProducts.Multiply(_y.Data, _weights.Data, shape.Pixels, shape.Outputs, shape.Inputs, _result.Data);

        private void WeightGradient() =>
            MatrixProducts.AddOuter(_y.Data, _x.Data, shape.Pixels, shape.Outputs, shape.Inputs, _sums.Data);
    }

    private sealed class DepthwiseCalls : IDisposable
    {
        private readonly DepthwiseShape _shape;
        private readonly AlignedBuffer _input;
        private readonly AlignedBuffer _output;
        private readonly AlignedBuffer _inputGradient;
        private readonly AlignedBuffer _outputGradient;
        private readonly AlignedBuffer _weights;
        private readonly AlignedBuffer _weightGradient;
        private readonly ChannelNorm _norm;
        private readonly ChannelNormGradient _factors;

        public DepthwiseCalls(DepthwiseShape shape)
        {
            _shape = shape;
            _input = Noise(1, (long)shape.Pixels * shape.Channels);
            _inputGradient = Noise(2, (long)shape.Pixels * shape.Channels);
            _output = Noise(3, (long)shape.OutputPixels * shape.Channels);
            _outputGradient = Noise(4, (long)shape.OutputPixels * shape.Channels);
            _weights = Noise(5, (long)shape.Channels * shape.Kernel * shape.Kernel);
            _weightGradient = Noise(6, (long)shape.Channels * shape.Kernel * shape.Kernel);
            _norm = ChannelNorm.Identity(shape.Channels, 0, 6);
            _factors = _norm.Gradient(new ChannelSums(new float[shape.Channels], shape.OutputPixels));
        }

        public (string Pass, double MultiplyAdds, Action Call)[] Calls
        {
            get
            {
                double work = (double)_shape.OutputPixels * _shape.Channels * _shape.Kernel * _shape.Kernel;
                return [("output", work, Forward), ("both gradients", 2 * work, Backward)];
            }
        }

        public void Dispose()
        {
            _input.Dispose();
            _output.Dispose();
            _inputGradient.Dispose();
            _outputGradient.Dispose();
            _weights.Dispose();
            _weightGradient.Dispose();
        }

        private void Forward() =>
            DepthwiseForward.Run(
                _shape,
                _input.Data,
                _norm,
                _weights.Data,
                _output.Data,
                new ChannelSums(new float[_shape.Channels], _shape.OutputPixels)
            );

        private void Backward() =>
            DepthwiseBackward.Run(
                _shape,
                new DepthwiseBackward.Operands
                {
                    Input = _input.Data,
                    InputNorm = _norm,
                    Output = _output.Data,
                    Gradient = _outputGradient.Data,
                    Norm = _norm,
                    Factors = _factors,
                    Weights = _weights.Data,
                    InputGradient = _inputGradient.Data,
                    WeightGradient = _weightGradient.Data,
                    Sums = new ChannelSums(_norm.Mean, _shape.Pixels),
                }
            );
    }
}
