namespace Proxyless.Search;

/// <summary>How the gradient of the architecture parameters is computed.</summary>
public enum ArchitectureUpdate
{
    /// <summary>Two candidates of each block, drawn by their probabilities (ProxylessNAS, section 3.2.1).</summary>
    TwoPath,

    /// <summary>All candidates of each block, one after another.</summary>
    FullPath,

    /// <summary>
    /// The reward of sampled architectures, without gradients through the network (ProxylessNAS, section 3.3.2).
    /// </summary>
    Reinforce,

    /// <summary>
    /// The losses of sampled architectures on the same images, each compared with those of the others (Kool, van Hoof,
    /// Welling, "Buy 4 REINFORCE samples, get a baseline for free!", 2019); costs by their exact gradient.
    /// </summary>
    LeaveOneOut,
}
