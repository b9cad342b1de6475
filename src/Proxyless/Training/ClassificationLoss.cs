using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>Cross entropy with label smoothing (Szegedy et al., arXiv 1512.00567, section 7) and optional class weights.</summary>
public sealed class ClassificationLoss : IDisposable
{
    private readonly double _labelSmoothing;
    private readonly Tensor? _classWeights;

    /// <summary>Creates the loss.</summary>
    /// <param name="labelSmoothing">Share of the target that is spread over all classes.</param>
    /// <param name="classWeights">A weight for each class, or null for equal ones.</param>
    /// <param name="device">Where the logits live.</param>
    public ClassificationLoss(double labelSmoothing, IReadOnlyList<double>? classWeights, Device device)
    {
        _labelSmoothing = labelSmoothing;
        _classWeights = classWeights is null
            ? null
            : tensor(classWeights.Select(weight => (float)weight).ToArray(), device: device).DetachFromDisposeScope();
    }

    /// <summary>The mean loss of a batch.</summary>
    /// <param name="logits">[N, classes].</param>
    /// <param name="labels">[N], int64.</param>
    /// <returns>A scalar.</returns>
    public Tensor Of(Tensor logits, Tensor labels) =>
        nn.functional.cross_entropy(logits, labels, weight: _classWeights, label_smoothing: _labelSmoothing);

    /// <inheritdoc/>
    public void Dispose() => _classWeights?.Dispose();
}
