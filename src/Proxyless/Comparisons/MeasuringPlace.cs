using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Runs;

namespace Proxyless.Comparisons;

/// <summary>A target on which the networks of a comparison are measured.</summary>
/// <param name="Target">The target.</param>
/// <param name="Table">The space's table there; every other network is measured beside its reference network.</param>
internal sealed record MeasuringPlace(ITarget Target, LatencyTable Table)
{
    /// <summary>Whether networks are measured as integer models.</summary>
    public bool IsInteger => Target is IModelTimer { TimesIntegers: true };

    /// <summary>The quiet latency of an untrained network in milliseconds.</summary>
    public double Measure(Architecture network, RunContext context)
    {
        var latency = NetworkLatency.Measure(
            Target,
            network,
            NetworkExporter.Untrained(network),
            context.Space,
            context.Classes,
            Table,
            context.CancellationToken
        );
        latency.WarnIfDisturbed(context.Observer);
        return latency.QuietMs;
    }
}
