namespace Proxyless.Search;

/// <summary>How the weight steps of a search teach the shared weights.</summary>
public enum WeightUpdate
{
    /// <summary>
    /// The widest path by the labels and, in the same step, a path at a limit drawn evenly from all that the space can
    /// meet, by what the widest one answered (sandwich rule and in-place distillation: Yu and Huang, arXiv 1903.05134;
    /// Yu et al., arXiv 2003.11142): paths of every limit learn.
    /// </summary>
    Sandwich,

    /// <summary>
    /// One path a step, drawn by the architecture parameters (ProxylessNAS, section 3.2): what is likely learns most.
    /// </summary>
    SinglePath,
}
