using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The training of the whole pretrained network at the resolution of the smaller one, which learns its answers
/// afterwards (docs/decisions/teacher.md).
/// </summary>
internal static class TeacherStage
{
    /// <summary>
    /// Seconds for the teacher, per step of the network that it teaches, over those of one of its own training steps:
    /// as many steps, and the forward pass of each answer.
    /// </summary>
    public const double TimeOverSteps = 1 + (1 / 3.0);

    /// <summary>The name of the training in reports of progress.</summary>
    public const string Stage = RunEpoch.TeacherStage;

    /// <summary>Whether a network has a teacher: one is asked for, and it is smaller than the whole network.</summary>
    /// <param name="start">Has the whole network.</param>
    /// <param name="architecture">The network, of all blocks or of the first ones.</param>
    public static bool Teaches(IFineTuneStart start, Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(architecture);
        return start.HasTeacher
            && !start
                .Whole.Architecture.Blocks.Select(block => block.Operation)
                .SequenceEqual(architecture.Blocks.Select(block => block.Operation));
    }

    /// <summary>Trains the teacher of a run, from its last checkpoint if there is one.</summary>
    /// <param name="context">The context of the training.</param>
    /// <param name="store">The run, whose <see cref="RunPlan.TrainSteps"/> are decided.</param>
    /// <param name="start">Has the whole network.</param>
    /// <param name="architecture">The network that it teaches.</param>
    /// <returns>The teacher, of which the receiver disposes; null if there is none.</returns>
    public static CompactNetwork? Run(
        RunContext context,
        RunStore store,
        IFineTuneStart start,
        Architecture architecture
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(store);
        if (store.Plan.TrainSteps is not > 0 || !Teaches(start, architecture))
        {
            return null;
        }

        var network = new CompactNetwork(ArchitectureFile.Read(store.Directory.Spanning), context.NetworkOptions);
        try
        {
            context.Clock.Charging(store, RunStage.Training, () => Train(context, store, start, network));
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Prepares the training of the whole network at the resolution of a context.</summary>
    /// <param name="context">The context of the training.</param>
    /// <param name="whole">The whole network at its resolution; not disposed of.</param>
    /// <param name="images">The images.</param>
    public static FineTuner TunerOf(RunContext context, CompactNetwork whole, ImageSet images) =>
        new(context, whole, images, decides: false, mostSteps: long.MaxValue);

    private static void Train(RunContext context, RunStore store, IFineTuneStart start, CompactNetwork network)
    {
        var files = new Files(store.Directory);
        if (store.Plan.TeacherSteps is null || !new CheckpointFile(files.LastCheckpoint).Exists)
        {
            Begin(context, files, start);
            store.Write(store.Plan with { TeacherSteps = store.Plan.TeacherSteps ?? store.Plan.TrainSteps });
        }

        long steps = store.Plan.TeacherSteps!.Value;
        int batchesPerEpoch = context.Loaders.BatchesPerEpoch(context.Loaders.FinalImages);
        context.Observer.Message(
            Invariant($"teacher: the whole network, {steps} steps of {context.Loaders.BatchSize} images")
        );
        TrainStage.Train(
            context,
            files,
            network,
            TrainStage.Settings(context, steps) with
            {
                Stage = Stage,
                Patience = null,
            },
            (log, pace) =>
                context.Observer.EpochEnded(
                    EpochReports.OfTraining(log[^1], pace, store.Directory, steps, batchesPerEpoch) with
                    {
                        Stage = Stage,
                    }
                )
        );
    }

    private static void Begin(RunContext context, Files files, IFineTuneStart start)
    {
        ArgumentNullException.ThrowIfNull(context);
        using CompactNetwork whole = start.Whole.At(context.Space.Resolution);
        FineTuner tuner = TunerOf(context, whole, FineTuneStage.ImagesOf(context));
        using CompactNetwork begun = tuner.Begin(tuner.All, whole.Blocks.Count + 1);

        // The beginning counts as an epoch, as that of the network that is taught.
        double? top1 = context.Options.Training.OnAll ? null : FineTuneStage.Validated(context, begun).Top1;
        TrainingSession.Begin(files, begun, top1, context.Options.Training.Ema is not null);
    }

    private sealed class Files(RunDirectory directory) : ITrainingStore
    {
        public string LastCheckpoint => directory.TeacherLastCheckpoint;

        public string BestCheckpoint => directory.TeacherCheckpoint;

        public string TrainingLog => directory.TeacherLog;
    }
}
