namespace Proxyless.Search;

/// <summary>How the weight steps of a search train the shared weights.</summary>
public enum WeightUpdate
{
    /// <summary>
    /// The widest path with the labels and, in the same step, a path at a limit drawn uniformly from all that the space
    /// can meet, with the widest one's answers (sandwich rule and in-place distillation: Yu and Huang, arXiv
    /// 1903.05134; Yu et al., arXiv 2003.11142): paths of every limit learn.
    /// </summary>
    Sandwich,

    /// <summary>
    /// One path per step, drawn by the architecture parameters (ProxylessNAS, section 3.2): probable paths learn most.
    /// </summary>
    SinglePath,
}
