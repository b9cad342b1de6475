using Proxyless.Measurement;
using Proxyless.Quantization;

namespace Proxyless.Latency;

/// <summary>A target as one for integer models: it times every model of floats in its integer form.</summary>
/// <param name="inner">The target; disposed of with this.</param>
internal sealed class IntegerModelTarget(WholeModelTarget inner)
    : WholeModelTarget,
        IProcessorTarget,
        IModelRunner,
        IAskedTarget
{
    /// <inheritdoc/>
    public override string Name => inner.Name + IntegerModels.Suffix;

    /// <inheritdoc/>
    public override string Id => inner.Id + IntegerModels.Identity;

    /// <inheritdoc/>
    public override int Batch => inner.Batch;

    /// <inheritdoc/>
    public override bool TimesIntegers => true;

    /// <inheritdoc/>
    public bool? SaturatesIntegers => (inner as IProcessorTarget)?.SaturatesIntegers;

    /// <inheritdoc/>
    public void Ask(CancellationToken cancellationToken) => (inner as IAskedTarget)?.Ask(cancellationToken);

    /// <inheritdoc/>
    public override void RequireSame(CancellationToken cancellationToken) => inner.RequireSame(cancellationToken);

    /// <inheritdoc/>
    public float[]? Answer(byte[] onnx, ReadOnlyMemory<float> images, int count, CancellationToken cancellationToken) =>
        (inner as IModelRunner)?.Answer(onnx, images, count, cancellationToken);

    /// <inheritdoc/>
    protected internal override Timing Time(byte[] onnx, TimingOptions options, CancellationToken cancellationToken) =>
        inner.Time(UntrainedIntegers.Of(onnx), options, cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
