using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Measurement;

namespace Proxyless.Tests.Latency;

/// <summary>
/// A device on which each part of a network takes a millisecond by its table, and a network what the next reading says.
/// </summary>
internal sealed class TimerOfReadings(params double[] readings) : IModelTimer
{
    /// <summary>Number of networks that were measured.</summary>
    public int Measured { get; private set; }

    public string Name => "readings";

    public string Id =>
        "readings " + string.Join(' ', readings.Select(reading => reading.ToString("R", CultureInfo.InvariantCulture)));

    public int Batch => 1;

    public NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        CancellationToken cancellationToken
    )
    {
        double reading = readings[Math.Min(Measured++, readings.Length - 1)];
        return new NetworkLatency(reading, reading, reading, Slowdown: 1);
    }

    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<string> parts = SpaceParts.Keys(space, classes);
        return new LatencyTable
        {
            Space = space.Name,
            Target = Name,
            TargetId = Id,
            Mode = mode,
            Created = DateTimeOffset.UnixEpoch,
            Entries = parts.ToDictionary(part => part, _ => new LatencyEntry(1, 0)),
            Calibration = new LatencyCalibration(1, 0, 1, 0, 1),
            Reference = new LatencyReference(new int[space.Depth], 1),
        };
    }

    public Timing Time(byte[] onnx, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Dispose() { }

    public ValueTask DisposeAsync() => default;
}
