using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Measurement;

namespace Proxyless.Tests.Latency;

/// <summary>A device whose latencies a function gives.</summary>
internal sealed class TimerOfFunction(string name, Func<byte[], CancellationToken, double> time) : IPartTimer
{
    private int _measured;

    /// <summary>Number of models that were timed.</summary>
    public int Measured => _measured;

    /// <summary>Why the device is not what it was; null if it is.</summary>
    public InvalidInputException? Change { get; init; }

    public string Name => name;

    public string Id => $"{name}, by a function";

    public int Batch => 1;

    public (double Milliseconds, double? Disturbance) TimePart(
        byte[] onnx,
        ProfileMode mode,
        CancellationToken cancellationToken
    )
    {
        Interlocked.Increment(ref _measured);
        return (time(onnx, cancellationToken), null);
    }

    public void RequireSame(CancellationToken cancellationToken)
    {
        if (Change is not null)
        {
            throw Change;
        }
    }

    public Timing Time(byte[] onnx, CancellationToken cancellationToken) => Timing.Of([time(onnx, cancellationToken)]);

    public NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken
    ) => new PartProfiler(this, [this]).Profile(space, classes, mode, partial, observer, cancellationToken);

    public void Dispose() { }

    public ValueTask DisposeAsync() => default;
}
