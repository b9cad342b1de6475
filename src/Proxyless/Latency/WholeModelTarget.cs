using Proxyless.Architectures;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// A target that times whole models; parts of a space are separate models there (<see cref="PartProfiler"/>).
/// </summary>
internal abstract class WholeModelTarget : IPartTimer
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Id { get; }

    /// <inheritdoc/>
    public abstract int Batch { get; }

    /// <inheritdoc/>
    public virtual bool TimesIntegers => false;

    /// <inheritdoc/>
    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    ) => new PartProfiler(this, [this]).Profile(space, classes, mode, partial, observer, cancellationToken);

    /// <inheritdoc/>
    public (double Milliseconds, double? Disturbance) TimePart(
        byte[] onnx,
        ProfileMode mode,
        CancellationToken cancellationToken
    )
    {
        Timing timing = Time(onnx, ProfilePlan.Of(mode).NetworkTiming, cancellationToken);
        return (timing.QuietMs, Disturbance.Of(timing));
    }

    /// <inheritdoc/>
    public virtual void RequireSame(CancellationToken cancellationToken) { }

    /// <inheritdoc/>
    public NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        CancellationToken cancellationToken = default
    ) =>
        NetworkLatency.Of(
            InTurn.Time((model, stop) => Time(model, TimingOptions.Quick, stop), onnx, reference, cancellationToken),
            timing => timing.QuietMs,
            referenceMs
        );

    /// <inheritdoc/>
    public Timing Time(byte[] onnx, CancellationToken cancellationToken = default) =>
        Time(onnx, TimingOptions.Thorough, cancellationToken);

    /// <summary>Releases the resources of the target.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    public ValueTask DisposeAsync()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
        return default;
    }

    /// <summary>Times a model.</summary>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="options">How long to measure.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    protected internal abstract Timing Time(byte[] onnx, TimingOptions options, CancellationToken cancellationToken);

    /// <summary>Releases the resources of the target; a target that holds any overrides it.</summary>
    /// <param name="disposing">True from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing) { }
}
