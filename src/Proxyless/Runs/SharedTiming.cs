using System.Text.Json.Serialization;
using Proxyless.Architectures;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The timing of the steps of a search.</summary>
internal sealed record SharedSearchTiming : SharedJob
{
    /// <inheritdoc/>
    public SharedSearchTiming(RunContext context)
        : base(context) { }

    /// <summary>For reading.</summary>
    [JsonConstructor]
    public SharedSearchTiming() { }

    /// <summary>The latencies of networks on each target.</summary>
    public required IReadOnlyList<SpaceCost> Targets { get; init; }

    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state) =>
        StepTiming.OfSearch(context, Targets, parallel);
}

/// <summary>The timing of the steps of a training.</summary>
internal sealed record SharedTrainingTiming : SharedJob
{
    /// <inheritdoc/>
    public SharedTrainingTiming(RunContext context)
        : base(context) { }

    /// <summary>For reading.</summary>
    [JsonConstructor]
    public SharedTrainingTiming() { }

    /// <summary>The network, as <c>architecture.json</c> has it.</summary>
    public required string Architecture { get; init; }

    /// <summary>Times the steps in all processes.</summary>
    /// <param name="context">Images and options.</param>
    /// <param name="architecture">The network.</param>
    /// <returns>Seconds per step.</returns>
    public static double Measure(RunContext context, Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Lead(
            context.Group,
            () => new SharedTrainingTiming(context) { Architecture = ArchitectureFile.ToJson(architecture) },
            () => null,
            parallel => StepTiming.OfTraining(context, architecture, parallel)
        );
    }

    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state) =>
        StepTiming.OfTraining(
            context,
            ArchitectureFile.Parse(Architecture, "the network of the process that leads"),
            parallel
        );
}
