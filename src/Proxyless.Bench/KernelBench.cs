using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>
/// One block of a space, computed alternately by libtorch's operators and by our own kernels. Milliseconds, medians.
/// </summary>
internal sealed record KernelBenchRow
{
    /// <summary>The block: <see cref="Architectures.Block.Key"/>.</summary>
    public required string Block { get; init; }

    /// <summary>Forward and backward of the block with libtorch's operators.</summary>
    public required double LibtorchMs { get; init; }

    /// <summary>The same with our own kernels.</summary>
    public required double ProxylessMs { get; init; }

    /// <summary>How many times faster ours are.</summary>
    public double Ratio => LibtorchMs / ProxylessMs;

    /// <summary>Both gradients of the depthwise convolution alone, with libtorch.</summary>
    public required double DepthwiseBackwardLibtorchMs { get; init; }

    /// <summary>The same and the gradients of the following batch norm and activation, with libtorch.</summary>
    public required double NormedBackwardLibtorchMs { get; init; }

    /// <summary>The same with our kernel, which computes all of these in one pass.</summary>
    public required double NormedBackwardProxylessMs { get; init; }

    /// <summary>How many times faster ours is than libtorch's depthwise convolution alone.</summary>
    public double DepthwiseBackwardRatio => DepthwiseBackwardLibtorchMs / NormedBackwardProxylessMs;

    /// <summary>How many times faster ours is than libtorch's gradients of the same.</summary>
    public double NormedBackwardRatio => NormedBackwardLibtorchMs / NormedBackwardProxylessMs;

    /// <summary>
    /// The error of libtorch against double precision: the norm of the difference as a share of the norm, of the output
    /// or the input's gradient, whichever is larger. Rounding makes it about 1e-6; on some processors it is 1
    /// (docs/decisions/kernels.md).
    /// </summary>
    public required double LibtorchError { get; init; }

    /// <summary>The same for our kernels.</summary>
    public required double ProxylessError { get; init; }
}

/// <summary>Times every inverted residual block that a space can hold, both ways.</summary>
internal static unsafe class KernelBench
{
    /// <summary>Times the blocks.</summary>
    /// <param name="options">
    /// Space, batch, resolution, threads; <see cref="BenchOptions.Steps"/> are the rounds.
    /// </param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two blocks.</param>
    public static IReadOnlyList<KernelBenchRow> Measure(
        BenchOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        SearchSpace space = StepBench.Sized(options);
        Libtorch.Load();
        set_num_threads(ThreadCount.Of(options.Threads, observer));
        Block[] blocks = BlockStep.BlocksOf(space);
        var progress = new Progress(observer, "bench", 0, blocks.Length);
        var rows = new List<KernelBenchRow>();
        foreach (Block block in blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(Measure(block, space.Activation, options, isFirst: rows.Count == 0));
            progress.Report(rows.Count, $"{block.Key}: {rows[^1].Ratio:F2}x");
        }

        return rows;
    }

    private static KernelBenchRow Measure(Block block, Activation activation, BenchOptions options, bool isFirst)
    {
        using var ours = new BlockStep(
            block,
            activation,
            options,
            new NetworkOptions { Kernels = BlockKernels.Proxyless }
        );
        using var theirs = new BlockStep(
            block,
            activation,
            options,
            new NetworkOptions { Kernels = BlockKernels.Libtorch }
        );
        using var depthwise = new DepthwiseStep(block, options);
        Action[] steps = [theirs.Run, ours.Run, depthwise.Libtorch, depthwise.LibtorchWithNorm, depthwise.Proxyless];
        BlockStep.WarmUp(() => Array.ForEach(steps, step => step()), isFirst);
        double[] medians = BlockStep.Medians(steps, options.Steps);

        using var exact = new BlockStep(
            block,
            activation,
            options,
            new NetworkOptions { Kernels = BlockKernels.Libtorch, Precision = ScalarType.Float64 }
        );
        exact.TakeWeightsOf(ours);
        exact.Run();
        return new KernelBenchRow
        {
            Block = block.Key,
            LibtorchMs = medians[0],
            ProxylessMs = medians[1],
            DepthwiseBackwardLibtorchMs = medians[2],
            NormedBackwardLibtorchMs = medians[3],
            NormedBackwardProxylessMs = medians[4],
            LibtorchError = theirs.ErrorAgainst(exact),
            ProxylessError = ours.ErrorAgainst(exact),
        };
    }

    /// <summary>
    /// Both gradients of the depthwise convolution of one block, alone and with those of the following batch norm and
    /// relu6.
    /// </summary>
    private sealed class DepthwiseStep : IDisposable
    {
        private readonly DepthwiseShape _shape;
        private readonly Tensor _input;
        private readonly Tensor _weight;
        private readonly Tensor _output;
        private readonly Tensor _gradient;
        private readonly Tensor _inputGradient;
        private readonly Tensor _weightGradient;
        private readonly Tensor _scale;
        private readonly Tensor _shift;
        private readonly Tensor _convolved;
        private readonly Tensor _activated;
        private readonly ChannelNorm _inputNorm;
        private readonly ChannelNorm _norm;
        private readonly ChannelNormGradient _factors;

        public DepthwiseStep(Block block, BenchOptions options)
        {
            int channels = block.HiddenWidth;
            int kernel = block.Operation.Kernel;
            _shape = new DepthwiseShape(
                options.Batch,
                block.InputResolution,
                block.InputResolution,
                channels,
                kernel,
                block.Stride,
                Before: kernel / 2
            );
            _input = BlockStep
                .Noise(3, options.Batch, channels, block.InputResolution, block.InputResolution)
                .requires_grad_();
            _weight = BlockStep.Noise(4, channels, 1, kernel, kernel).requires_grad_();
            using var withoutGraph = no_grad();
            _output = Convolve();
            _gradient = BlockStep.Noise(5, _output.shape);
            _inputGradient = BlockStep.Noise(6, _input.shape);
            _weightGradient = BlockStep.Noise(7, _weight.shape);
            _inputNorm = NormOf(_input, _shape.Pixels);
            _norm = NormOf(_output, _shape.OutputPixels);
            using Tensor output = TensorMemory.PixelsFirst(_output);
            using Tensor gradient = TensorMemory.PixelsFirst(_gradient);
            var sums = new ChannelSums(_norm.Mean, _shape.OutputPixels);
            PixelKernels.GradientSums(
                TensorMemory.Pointer(output),
                TensorMemory.Pointer(gradient),
                _shape.OutputPixels,
                _norm,
                sums
            );
            _factors = _norm.Gradient(sums);
            using var withGraph = enable_grad();
            _scale = ones(channels).requires_grad_();
            _shift = zeros(channels).requires_grad_();
            _convolved = Convolve();
            using Tensor normalized = nn.functional.batch_norm(
                _convolved,
                null,
                null,
                _scale,
                _shift,
                true,
                0,
                BatchNorm.Epsilon
            );
            _activated = normalized.relu6();
        }

        public void Libtorch() => Differentiate(_convolved, _input, _weight);

        public void LibtorchWithNorm() => Differentiate(_activated, _input, _weight, _scale, _shift);

        public void Proxyless()
        {
            using Tensor input = TensorMemory.PixelsFirst(_input);
            using Tensor output = TensorMemory.PixelsFirst(_output);
            using Tensor gradient = TensorMemory.PixelsFirst(_gradient);
            using Tensor inputGradient = TensorMemory.PixelsFirst(_inputGradient);
            using Tensor weight = _weight.detach();
            DepthwiseBackward.Run(
                _shape,
                new DepthwiseBackward.Operands
                {
                    Input = TensorMemory.Pointer(input),
                    InputNorm = _inputNorm,
                    Output = TensorMemory.Pointer(output),
                    Gradient = TensorMemory.Pointer(gradient),
                    Norm = _norm,
                    Factors = _factors,
                    Weights = TensorMemory.Pointer(weight),
                    InputGradient = TensorMemory.Pointer(inputGradient),
                    WeightGradient = TensorMemory.Pointer(_weightGradient),
                    Sums = new ChannelSums(_inputNorm.Mean, _shape.Pixels),
                }
            );
        }

        public void Dispose()
        {
            Tensor[] all =
            [
                _input,
                _weight,
                _output,
                _gradient,
                _inputGradient,
                _weightGradient,
                _scale,
                _shift,
                _convolved,
                _activated,
            ];
            Array.ForEach(all, tensor => tensor.Dispose());
        }

        private void Differentiate(Tensor output, params Tensor[] inputs)
        {
            foreach (Tensor gradient in autograd.grad([output], inputs, [_gradient], retain_graph: true))
            {
                gradient.Dispose();
            }
        }

        private Tensor Convolve() =>
            nn.functional.conv2d(
                _input,
                _weight,
                null,
                [_shape.Stride, _shape.Stride],
                [_shape.Before, _shape.Before],
                null,
                _shape.Channels
            );

        private static ChannelNorm NormOf(Tensor y, int pixels)
        {
            using Tensor packed = TensorMemory.PixelsFirst(y);
            var zero = new float[y.shape[1]];
            float[] one = [.. zero.Select(_ => 1f)];
            var sums = new ChannelSums(zero, pixels);
            PixelKernels.Statistics(TensorMemory.Pointer(packed), pixels, sums);
            return ChannelNorm.OfBatch(one, zero, sums, BatchNorm.Epsilon, 0, 6);
        }
    }
}
