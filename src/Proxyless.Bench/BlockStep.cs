using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>Forward and backward of one block.</summary>
internal sealed class BlockStep : IDisposable
{
    // The runtime compiles a method again, optimized, after its first calls and a pause of 0.1 s.
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(0.5);

    // What all blocks share takes longer, and the first block would pay for it.
    private static readonly TimeSpan FirstWarmUpTime = TimeSpan.FromSeconds(2);

    private readonly BlockPath _path;
    private readonly Tensor _input;
    private readonly Tensor _gradient;
    private Tensor? _output;
    private Tensor? _inputGradient;

    public BlockStep(Block block, Activation activation, BenchOptions options, NetworkOptions network)
    {
        using var factory = new TensorFactory(network);
        _path = new BlockPath(factory, "block", block, activation);
        using Tensor input = Noise(1, options.Batch, block.InputWidth, block.InputResolution, block.InputResolution);
        using Tensor gradient = Noise(
            2,
            options.Batch,
            block.OutputWidth,
            block.OutputResolution,
            block.OutputResolution
        );
        _input = input.to(network.Precision, copy: true).requires_grad_();
        _gradient = gradient.to(network.Precision, copy: true);
    }

    /// <summary>The inverted residual blocks that a space can hold, each once.</summary>
    public static Block[] BlocksOf(SearchSpace space) =>
        [
            .. space
                .Blocks()
                .SelectMany(block => block.Candidates)
                .Append(space.FirstBlock)
                .OfType<Block>()
                .Where(block => block.Operation.Kind == OperationKind.InvertedResidual)
                .DistinctBy(block => block.Key),
        ];

    /// <summary>Repeats something until the runtime has compiled it for good.</summary>
    /// <param name="step">What is measured afterwards.</param>
    /// <param name="isFirst">Whether nothing has been measured before.</param>
    public static void WarmUp(Action step, bool isFirst = false)
    {
        TimeSpan time = isFirst ? FirstWarmUpTime : WarmUpTime;
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < time; )
        {
            step();
        }
    }

    /// <summary>Times calls in turn, so that what else the machine does meets all of them.</summary>
    /// <param name="calls">What is measured.</param>
    /// <param name="rounds">Timed calls of each.</param>
    /// <returns>The median milliseconds of each.</returns>
    public static double[] Medians(Action[] calls, int rounds)
    {
        List<double>[] times = [.. calls.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            foreach ((Action call, List<double> own) in calls.Zip(times))
            {
                long start = Stopwatch.GetTimestamp();
                call();
                own.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        return [.. times.Select(SampleStatistics.Median)];
    }

    /// <summary>Normal noise in the memory order of images.</summary>
    public static Tensor Noise(int seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed, CPU);
        using Tensor noise = randn(shape, generator: generator);
        return MemoryLayout.ChannelsLast(noise);
    }

    public void Run()
    {
        _inputGradient?.Dispose();
        _output?.Dispose();
        using Tensor output = _path.Forward(_input, NormPass.Training);
        BackwardPass.Run(output, _path.Tensors, _gradient);
        _output = output.detach();
        _inputGradient = _input.grad;
        _input.grad = null;
        foreach (NetworkTensor tensor in _path.Tensors.Where(tensor => tensor.IsTrained))
        {
            tensor.Value.grad = null;
        }
    }

    // Random numbers of another precision are different numbers. Statistics are not used in training.
    public void TakeWeightsOf(BlockStep other)
    {
        foreach ((NetworkTensor tensor, NetworkTensor source) in _path.Tensors.Zip(other._path.Tensors))
        {
            tensor.CopyFrom(source.Value);
        }
    }

    public double ErrorAgainst(BlockStep exact) =>
        Math.Max(Error(_output!, exact._output!), Error(_inputGradient!, exact._inputGradient!));

    public void Dispose()
    {
        _path.Dispose();
        _input.Dispose();
        _gradient.Dispose();
        _output?.Dispose();
        _inputGradient?.Dispose();
    }

    private static double Error(Tensor actual, Tensor exact)
    {
        using Tensor difference = actual - exact;
        using Tensor distance = difference.norm();
        using Tensor length = exact.norm();
        return distance.item<double>() / length.item<double>();
    }
}
