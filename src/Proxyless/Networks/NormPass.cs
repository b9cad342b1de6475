namespace Proxyless.Networks;

/// <summary>What batch norms do in one forward pass.</summary>
/// <param name="UsesBatch">Whether the statistics of the batch are used instead of the running ones.</param>
/// <param name="Momentum">Share of the batch in the new running statistics; 0 writes nothing.</param>
internal readonly record struct NormPass(bool UsesBatch, double Momentum)
{
    /// <summary>
    /// A weight step: uses the batch's statistics, which the running ones follow (momentum 0.1, as published).
    /// </summary>
    public static NormPass Training { get; } = new(true, 0.1);

    /// <summary>An architecture step: uses the batch's statistics and writes no buffer.</summary>
    public static NormPass Frozen { get; } = new(true, 0);

    /// <summary>
    /// Evaluation, or a weight step that does not change the statistics: uses the running statistics.
    /// </summary>
    public static NormPass Evaluation { get; } = new(false, 0);

    /// <summary>
    /// A batch of a re-estimation: running statistics become the mean over the batches so far, weighted by their
    /// images. The first batch overwrites the old statistics.
    /// </summary>
    /// <param name="images">Images of the batch.</param>
    /// <param name="seen">Images of the batches so far, this one included.</param>
    public static NormPass Reestimation(long images, long seen) => new(true, (double)images / seen);
}
