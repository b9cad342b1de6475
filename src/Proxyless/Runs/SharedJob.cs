using System.Text.Json;
using Proxyless.Files;
using Proxyless.Pretrained;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// What the process that leads tells the others of work that they share: the options with which they open the same
/// images, and the work.
/// </summary>
internal sealed record SharedJob
{
    /// <summary>The options, as <c>config.yaml</c> has them.</summary>
    public required string Options { get; init; }

    /// <summary>The leader's images, which every process has to have.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Whether the run is resumed.</summary>
    public required bool HasBegun { get; init; }

    /// <inheritdoc cref="RunContext.TrainingSeed"/>
    public required int TrainingSeed { get; init; }

    /// <inheritdoc cref="RunContext.Input"/>
    public PretrainedInput? Input { get; init; }

    /// <summary>The work.</summary>
    public required SharedTask Task { get; init; }

    /// <summary>Does the work in the leader.</summary>
    /// <typeparam name="T">Its result.</typeparam>
    /// <param name="context">The leader's context, with the processes.</param>
    /// <param name="describe">Describes it to the others.</param>
    /// <param name="work">The work.</param>
    /// <param name="checkpoint">Returns the checkpoint that the work goes on from, or null; null for none.</param>
    public static T Lead<T>(
        RunContext context,
        Func<SharedTask> describe,
        Func<DataParallel, T> work,
        Func<string?>? checkpoint = null
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        return SharedWork.Lead(
            context.Group,
            () => JsonSerializer.Serialize(Of(context, describe()), JsonLines.Options),
            checkpoint ?? (() => null),
            work
        );
    }

    /// <summary>Reads a description.</summary>
    public static SharedJob Of(string text) => JsonSerializer.Deserialize<SharedJob>(text, JsonLines.Options)!;

    private static SharedJob Of(RunContext context, SharedTask task) =>
        new()
        {
            // The images are the same whatever the limit, the folder and the time are; of a time that is divided among
            // limits, nothing may be left.
            Options = RunConfigFile.Text(
                context.Options with
                {
                    Threads = context.ThreadsOfAnyProcess,
                    Target = new TargetOptions(),
                    Out = null,
                    Time = null,
                }
            ),
            Fingerprint = context.Images.Fingerprint,
            HasBegun = context.Options.Resume,
            TrainingSeed = context.TrainingSeed,
            Input = context.Input,
            Task = task,
        };
}
