using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>How a network's tensors are created.</summary>
internal sealed record NetworkOptions
{
    /// <summary>The device of the tensors.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>
    /// Whether weights are laid out channels-last, as images must then be too (<see cref="Runtime.MemoryLayout"/>).
    /// </summary>
    public bool ChannelsLast { get; init; } = true;

    /// <summary>The implementation that computes the steps.</summary>
    public BlockKernels Kernels { get; init; }

    /// <summary>
    /// Whether the candidates of a super-network's block share their convolutions; if not, each has its own, as
    /// published.
    /// </summary>
    public bool SharesWeights { get; init; } = true;

    /// <summary>Whether blocks are computed by our own kernels.</summary>
    internal bool UsesOwnKernels =>
        Kernels == BlockKernels.Proxyless
        && ChannelsLast
        && Precision == ScalarType.Float32
        && Device.type == TorchSharp.DeviceType.CPU;

    /// <summary>The type of the numbers. Float64 is for comparing gradients with finite differences.</summary>
    internal ScalarType Precision { get; init; } = ScalarType.Float32;

    /// <summary>What our own kernels do with the output of expansions.</summary>
    internal ExpansionMemory ExpansionMemory { get; init; }

    /// <summary>Seed of the initial weights.</summary>
    public int Seed { get; init; }
}
