using Proxyless.Networks;

namespace Proxyless.Bench;

/// <summary>The kind of a step.</summary>
internal enum BenchMode
{
    /// <summary>A weight step of the super-network along a sampled path.</summary>
    Weight,

    /// <summary>
    /// A weight step in the middle of the warm-up, in which half of the candidates are replaced by the widest of their
    /// kernel.
    /// </summary>
    Warmup,

    /// <summary>A weight step on two paths: the widest, and a sampled one that learns from it.</summary>
    Sandwich,

    /// <summary>A forward pass of a sampled path without gradients, as for scoring networks.</summary>
    Score,

    /// <summary>The same with the batch's statistics, as for re-estimating them before networks are scored.</summary>
    Statistics,

    /// <summary>A two-path architecture step.</summary>
    TwoPath,

    /// <summary>A full-path architecture step.</summary>
    FullPath,

    /// <summary>A reinforce step of four architectures.</summary>
    Reinforce,

    /// <summary>A weight step that keeps every candidate's output, as DARTS (arXiv 1806.09055) does.</summary>
    AllPaths,

    /// <summary>A weight step of each sampled path as a separate fixed network, built beforehand.</summary>
    Compact,
}

/// <summary>The options of <see cref="StepBench"/>.</summary>
internal sealed record BenchOptions
{
    /// <summary>The kind of the steps.</summary>
    public BenchMode Mode { get; init; } = BenchMode.Weight;

    /// <summary>The space, by name or file.</summary>
    public string Space { get; init; } = "imagenet-mobile";

    /// <summary>The implementation of the steps.</summary>
    public BlockKernels Kernels { get; init; }

    /// <summary>Whether candidates have their own convolutions, which no warm-up widens.</summary>
    public bool SeparateWeights { get; init; }

    /// <summary><c>channels-last</c> or <c>contiguous</c>, which our own kernels do not support.</summary>
    public string Layout { get; init; } = "channels-last";

    /// <summary><c>tuned</c> or <c>system</c>.</summary>
    public string Allocator { get; init; } = "tuned";

    /// <summary>Images per step.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>Side of the images in pixels; null: the space's own.</summary>
    public int? Resolution { get; init; }

    /// <summary>Number of timed steps.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>Seed of the sampled paths.</summary>
    public int Seed { get; init; }

    /// <summary>Threads; null: all processors.</summary>
    public int? Threads { get; init; }
}

/// <summary>The result of a measurement.</summary>
internal sealed record BenchResult
{
    /// <summary>The kind of the steps.</summary>
    public required string Mode { get; init; }

    /// <summary>The implementation of the operators.</summary>
    public required string Kernels { get; init; }

    /// <summary>The memory layout of tensors.</summary>
    public required string Layout { get; init; }

    /// <summary>Whether freed memory was kept.</summary>
    public required string Allocator { get; init; }

    /// <summary>Images per step.</summary>
    public required int Batch { get; init; }

    /// <summary>Side of the images in pixels.</summary>
    public required int Resolution { get; init; }

    /// <summary>Number of timed steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Median milliseconds of a step.</summary>
    public required double MedianMs { get; init; }

    /// <summary>Milliseconds of the fastest step.</summary>
    public required double MinMs { get; init; }

    /// <summary>The peak of resident memory, in MB, above its value before the first step.</summary>
    public required double PeakMb { get; init; }
}
