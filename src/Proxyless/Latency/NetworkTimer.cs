using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// Times whole untrained networks beside a reference network that runs alternately with each of them, so that a
/// temporary slowdown of the machine does not make the networks measured in that time look slow.
/// </summary>
internal sealed class NetworkTimer : IDisposable
{
    private readonly LocalTarget _target;
    private readonly TimingOptions _options;
    private readonly OnnxModel _reference;
    private readonly List<double> _referenceMs = [];
    private readonly List<double> _ratios = [];
    private readonly List<double> _disturbances = [];

    /// <summary>Loads the reference.</summary>
    public NetworkTimer(Architecture reference, LocalTarget target, TimingOptions options)
    {
        _target = target;
        _options = options;
        _reference = Load(reference);
    }

    /// <summary>The reference's latency in milliseconds: the median over the networks that it was run beside.</summary>
    public double ReferenceMs => SampleStatistics.Median(_referenceMs);

    /// <summary>How far the reference was disturbed: the median over the networks that it was run beside.</summary>
    public double Disturbance => SampleStatistics.Median(_disturbances);

    /// <summary>The latencies in milliseconds of the networks added so far, in order.</summary>
    public IReadOnlyList<double> Latencies => [.. _ratios.Select(ratio => ratio * ReferenceMs)];

    /// <summary>Times one more network.</summary>
    public void Add(Architecture architecture, CancellationToken cancellationToken)
    {
        using OnnxModel model = Load(architecture);
        IReadOnlyList<InterleavedTiming> timings = _target.Work(() =>
            InterleavedTimer.Measure([_reference, model], _options, cancellationToken)
        );
        _referenceMs.Add(timings[0].Timing.QuietMs);
        _disturbances.Add(Latency.Disturbance.Of(timings[0].Timing));
        _ratios.Add(timings[1].Ratio);
    }

    /// <inheritdoc/>
    public void Dispose() => _reference.Dispose();

    private OnnxModel Load(Architecture architecture) => _target.Load(NetworkExporter.Untrained(architecture));
}
