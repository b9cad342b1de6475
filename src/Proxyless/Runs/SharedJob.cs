using System.Text.Json;
using System.Text.Json.Serialization;
using Proxyless.Distributed;
using Proxyless.Files;
using Proxyless.Pretrained;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// What the process that leads tells the others of work that they share: the options with which they open the same
/// images, and what the work has beyond that.
/// </summary>
[JsonPolymorphic]
[JsonDerivedType(typeof(SharedSearch), "search")]
[JsonDerivedType(typeof(SharedSearchTiming), "search-timing")]
[JsonDerivedType(typeof(SharedDecision), "decision")]
[JsonDerivedType(typeof(SharedScoring), "score")]
[JsonDerivedType(typeof(SharedTrial), "trial")]
[JsonDerivedType(typeof(SharedTraining), "training")]
[JsonDerivedType(typeof(SharedTrainingTiming), "training-timing")]
internal abstract record SharedJob
{
    /// <summary>Makes a description.</summary>
    /// <param name="context">The leader's context.</param>
    protected SharedJob(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);

        // Each process has its own processors; the images are the same whatever the limit and the folder are.
        int? threads = context.Threads == context.Group.Threads ? null : context.Threads;
        Options = RunConfigFile.Text(
            context.Options with
            {
                Threads = threads,
                Target = new TargetOptions(),
                Out = null,
            }
        );
        HasBegun = context.Options.Resume;
        Fingerprint = context.Images.Fingerprint;
        TrainingSeed = context.TrainingSeed;
        Input = context.Input;
    }

    /// <summary>For reading.</summary>
    [JsonConstructor]
    protected SharedJob() { }

    /// <summary>The options, as <c>config.yaml</c> has them.</summary>
    public string Options { get; init; } = "";

    /// <summary>The leader's images, which every process has to have.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>Whether the run is resumed.</summary>
    public bool HasBegun { get; init; }

    /// <inheritdoc cref="RunContext.TrainingSeed"/>
    public int TrainingSeed { get; init; }

    /// <inheritdoc cref="RunContext.Input"/>
    public PretrainedInput? Input { get; init; }

    /// <summary>Does a process's share of the work.</summary>
    /// <param name="context">The images and options.</param>
    /// <param name="parallel">The processes.</param>
    /// <param name="state">What the process keeps between works, and the checkpoint that this one goes on from.</param>
    public abstract void Share(RunContext context, DataParallel parallel, FollowerState state);

    /// <summary>Does the work in the leader.</summary>
    /// <typeparam name="T">Its result.</typeparam>
    /// <param name="group">The processes.</param>
    /// <param name="describe">Describes it to the others.</param>
    /// <param name="checkpoint">Returns the checkpoint that the work goes on from, or null.</param>
    /// <param name="work">The work.</param>
    public static T Lead<T>(
        ProcessGroup group,
        Func<SharedJob> describe,
        Func<string?> checkpoint,
        Func<DataParallel, T> work
    ) => SharedWork.Lead(group, () => JsonSerializer.Serialize(describe(), JsonLines.Options), checkpoint, work);

    /// <summary>Reads a description.</summary>
    public static SharedJob Of(string text) => JsonSerializer.Deserialize<SharedJob>(text, JsonLines.Options)!;
}
