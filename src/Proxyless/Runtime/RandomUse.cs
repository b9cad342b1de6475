namespace Proxyless.Runtime;

/// <summary>The uses of random numbers; each has its own sequence (<see cref="SeedSequence"/>).</summary>
internal enum RandomUse
{
    /// <summary>Initial weights.</summary>
    Weights,

    /// <summary>Paths of weight steps.</summary>
    WeightPaths,

    /// <summary>Pairs, paths and architectures of architecture steps.</summary>
    ArchitecturePaths,

    /// <summary>Order of the training images.</summary>
    WeightImages,

    /// <summary>Order of the architecture images.</summary>
    ArchitectureImages,

    /// <summary>Dropout masks.</summary>
    Dropout,

    /// <summary>Shares in which images are mixed.</summary>
    Mixup,

    /// <summary>Networks that are proposed for a limit; the step is the limit's bits.</summary>
    Proposals,
}
