using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>One block, forward and backward, compared with the least that this machine could need for it.</summary>
internal sealed record BlockFloorRow
{
    /// <summary>The block: <see cref="Architectures.Block.Key"/>.</summary>
    public required string Block { get; init; }

    /// <summary>Median milliseconds of forward and backward, as the block chooses by itself.</summary>
    public required double Ms { get; init; }

    /// <summary>The same where the output of the expansion is kept; null without an expansion.</summary>
    public required double? StoredMs { get; init; }

    /// <summary>The same where it is computed tile by tile.</summary>
    public required double? TiledMs { get; init; }

    /// <summary>Milliseconds of its multiply-adds at the measured peak: forward and two gradients.</summary>
    public required double ComputeMs { get; init; }

    /// <summary>Milliseconds of <see cref="BlockFloorBench.Bytes"/> at the measured rate.</summary>
    public required double MemoryMs { get; init; }

    /// <summary>The larger of both.</summary>
    public double FloorMs => Math.Max(ComputeMs, MemoryMs);

    /// <summary>How many times as long as the floor it takes.</summary>
    public double Ratio => Ms / FloorMs;

    /// <summary>What is lost, in milliseconds.</summary>
    public double LostMs => Ms - FloorMs;
}

/// <summary>The lower bound of the time of each block of a space: it says where there is something to gain.</summary>
internal static class BlockFloorBench
{
    // Read forward and backward; its gradient is written.
    private const int PassesOverInput = 3;

    /// <summary>
    /// Bytes that a block must move: its input is read twice and its gradient written; the outputs of its depthwise
    /// convolution and of its projection are written once and read three times, the gradients of what follows them
    /// written and read. What lies between the expansion and the depthwise convolution need not be in memory: the
    /// statistics of its batch norm follow from mean and covariance of the block's input. Single precision, without
    /// parameters.
    /// </summary>
    /// <param name="block">An inverted residual block.</param>
    /// <param name="batch">Images.</param>
    public static double Bytes(Block block, int batch)
    {
        ArgumentNullException.ThrowIfNull(block);
        double input = (double)block.InputResolution * block.InputResolution * block.InputWidth;
        double outputs =
            (double)block.OutputResolution * block.OutputResolution * (block.HiddenWidth + block.OutputWidth);
        return sizeof(float) * batch * ((PassesOverInput * input) + (StepWork.PassesOverOutputs * outputs));
    }

    /// <summary>Measures the machine and every inverted residual block that a space can hold.</summary>
    /// <param name="options">
    /// Space, batch, resolution, threads; <see cref="BenchOptions.Steps"/> are the timed calls of each block.
    /// </param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two blocks.</param>
    /// <returns>The block that loses most first.</returns>
    public static IReadOnlyList<BlockFloorRow> Measure(
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
        double multiplyAdds = MachinePeak.MultiplyAdds(threads);
        double bytes = MachinePeak.Bytes(threads);
        Block[] blocks = BlockStep.BlocksOf(space);
        var progress = new Progress(observer, "bench", 0, blocks.Length);
        var rows = new List<BlockFloorRow>();
        foreach (Block block in blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            double[] times = Milliseconds(block, space.Activation, options, isFirst: rows.Count == 0);
            rows.Add(
                new BlockFloorRow
                {
                    Block = block.Key,
                    Ms = times[0],
                    StoredMs = times.Length > 1 ? times[1] : null,
                    TiledMs = times.Length > 1 ? times[2] : null,
                    ComputeMs = 3e3 * options.Batch * ArchitectureCost.Of(block).MultiplyAdds / multiplyAdds,
                    MemoryMs = 1e3 * Bytes(block, options.Batch) / bytes,
                }
            );
            progress.Report(rows.Count, $"{block.Key}: {rows[^1].Ratio:F1} times its floor");
        }

        return [.. rows.OrderByDescending(row => row.LostMs)];
    }

    // In turn: by itself and, where there is a choice, either way.
    private static double[] Milliseconds(Block block, Activation activation, BenchOptions options, bool isFirst)
    {
        bool hasChoice = block.Operation.HasExpansion && options.Kernels == BlockKernels.Proxyless;
        ExpansionMemory[] ways = hasChoice
            ? [ExpansionMemory.Automatic, ExpansionMemory.Stored, ExpansionMemory.Tiled]
            : [ExpansionMemory.Automatic];
        BlockStep[] steps =
        [
            .. ways.Select(way => new BlockStep(
                block,
                activation,
                options,
                new NetworkOptions { Kernels = options.Kernels, ExpansionMemory = way }
            )),
        ];
        try
        {
            Action[] calls = [.. steps.Select<BlockStep, Action>(step => step.Run)];
            BlockStep.WarmUp(() => Array.ForEach(calls, call => call()), isFirst);
            return BlockStep.Medians(calls, options.Steps);
        }
        finally
        {
            Array.ForEach(steps, step => step.Dispose());
        }
    }
}
