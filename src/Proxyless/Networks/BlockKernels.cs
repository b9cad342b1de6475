namespace Proxyless.Networks;

/// <summary>What computes inverted residual blocks.</summary>
public enum BlockKernels
{
    /// <summary>Kernels of our own, on a CPU in single precision and channels-last memory; libtorch's elsewhere.</summary>
    Proxyless,

    /// <summary>libtorch's operators.</summary>
    Libtorch,
}
