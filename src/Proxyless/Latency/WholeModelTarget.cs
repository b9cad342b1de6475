using Proxyless.Architectures;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>A target that times whole models as carefully as it is asked to: parts of a space are models of their own there (<see cref="PartProfiler"/>).</summary>
public abstract class WholeModelTarget : ITarget
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Id { get; }

    /// <inheritdoc/>
    public abstract int Batch { get; }

    /// <inheritdoc/>
    public bool MakesTables => true;

    /// <inheritdoc/>
    public LatencyTable MakeTable(
        SearchSpace space, int classes, ProfileMode mode, string? partial, IRunObserver observer, CancellationToken cancellation) =>
        Profiler(ProfilePlan.Of(mode).NetworkTiming).Profile(space, classes, mode, partial, observer, cancellation);

    /// <inheritdoc/>
    public NetworkLatency Measure(
        Architecture architecture, byte[] onnx, SearchSpace space, int classes, LatencyTable table, CancellationToken cancellation) =>
        Profiler(TimingOptions.Quick).Compare(onnx, space, classes, table, cancellation);

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">The target cannot be reached or started, or cannot run the model.</exception>
    public Timing Time(byte[] onnx, CancellationToken cancellation) => Time(onnx, TimingOptions.Thorough, cancellation);

    /// <summary>Times a model.</summary>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="options">How long.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    protected abstract Timing Time(byte[] onnx, TimingOptions options, CancellationToken cancellation);

    private PartProfiler Profiler(TimingOptions options) => new(this, (onnx, cancellation) => Time(onnx, options, cancellation).QuietMs);
}
