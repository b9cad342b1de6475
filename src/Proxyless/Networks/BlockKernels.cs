namespace Proxyless.Networks;

/// <summary>What computes a step of training: the blocks, batch norm with its activation, the optimiser.</summary>
public enum BlockKernels
{
    /// <summary>
    /// Kernels of our own, on a CPU in single precision and channels-last memory; libtorch's elsewhere.
    /// </summary>
    Proxyless,

    /// <summary>libtorch's operators.</summary>
    Libtorch,
}
