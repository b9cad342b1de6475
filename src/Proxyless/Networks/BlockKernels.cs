namespace Proxyless.Networks;

/// <summary>What computes a training step: the blocks, batch norm with its activation, the optimizer.</summary>
public enum BlockKernels
{
    /// <summary>
    /// Our own kernels, on a CPU in single precision and channels-last memory; libtorch's operators elsewhere.
    /// </summary>
    Proxyless,

    /// <summary>libtorch's operators.</summary>
    Libtorch,
}
