using Proxyless.Architectures;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The timing of the steps of a search.</summary>
/// <param name="Targets">The latencies of networks on each target.</param>
internal sealed record SharedSearchTiming(IReadOnlyList<SpaceCost> Targets) : SharedTask
{
    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state) =>
        StepTiming.OfSearch(context, Targets, parallel);
}

/// <summary>The timing of the steps of a training.</summary>
/// <param name="Architecture">The network, as <c>architecture.json</c> has it.</param>
internal sealed record SharedTrainingTiming(string Architecture) : SharedTask
{
    /// <summary>Times the steps in all processes.</summary>
    /// <param name="context">Images and options.</param>
    /// <param name="architecture">The network.</param>
    /// <returns>Seconds per step.</returns>
    public static double Measure(RunContext context, Architecture architecture) =>
        SharedJob.Lead(
            context,
            () => new SharedTrainingTiming(ArchitectureFile.ToJson(architecture)),
            parallel => StepTiming.OfTraining(context, architecture, parallel)
        );

    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state) =>
        StepTiming.OfTraining(
            context,
            ArchitectureFile.Parse(Architecture, "the network of the process that leads"),
            parallel
        );
}
