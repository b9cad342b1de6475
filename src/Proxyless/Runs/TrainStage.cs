using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The training of one architecture.</summary>
internal static class TrainStage
{
    // The rest is for evaluation after every epoch, export and the final measurement.
    private const double ShareForSteps = 0.85;

    /// <summary>Trains from the last checkpoint if there is one.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="store">The run of the training.</param>
    /// <param name="start">Initial weights, or null.</param>
    /// <param name="architecture">The network to train.</param>
    /// <param name="time">Time for the training, including what earlier jobs have spent on it, or null.</param>
    /// <param name="epochEnded">Is called after each epoch with all epochs so far; null for nothing.</param>
    /// <param name="teacher">The network whose answers are learned instead of the labels; null for none.</param>
    public static TrainResult Run(
        RunContext context,
        RunStore store,
        CompactNetwork? start,
        Architecture architecture,
        TimeSpan? time,
        Action<IReadOnlyList<TrainingCurvePoint>>? epochEnded = null,
        Teacher? teacher = null
    )
    {
        double? best = context.Clock.Charging(
            store,
            RunStage.Training,
            () => Train(context, store, start, architecture, time, epochEnded, teacher)
        );
        return new TrainResult
        {
            Run = store.Directory.Root,
            Architecture = architecture.Name,
            Model = store.Directory.Model,
            ValidationTop1 = best,
            CrossValidatedTop1 = store.Plan.FineTuning?.CrossValidatedTop1,
            Seconds = store.Plan.TrainSeconds,
        };
    }

    private static double? Train(
        RunContext context,
        RunStore store,
        CompactNetwork? start,
        Architecture architecture,
        TimeSpan? time,
        Action<IReadOnlyList<TrainingCurvePoint>>? epochEnded,
        Teacher? teacher
    )
    {
        if (store.Plan is { TrainSteps: 0, FineTuning.BeginningTop1: var begun })
        {
            // Only the classifier was to be learned.
            return begun;
        }

        int batchesPerEpoch = context.Loaders.BatchesPerEpoch(context.Loaders.FinalImages);
        long steps = StepsOf(context, store, architecture, time, batchesPerEpoch);
        context.Observer.Message(
            Invariant(
                $"train: {steps} steps of {context.Loaders.BatchSize} images "
                    + $"({(double)steps / batchesPerEpoch:F1} epochs)"
            )
        );
        using var network = new CompactNetwork(architecture, context.NetworkOptions);
        NetworkTensor.CopyAll(start?.Tensors ?? [], network.Tensors);
        var events = EventLog.OfTraining(context, store.Directory);
        return Train(
            context,
            store.Directory,
            network,
            Settings(context, steps) with
            {
                Teacher = teacher,
            },
            (log, pace) =>
            {
                RunEpoch epoch = EpochReports.OfTraining(log[^1], pace, store.Directory, steps, batchesPerEpoch);
                context.Observer.EpochEnded(epoch);
                events.Add(epoch);
                epochEnded?.Invoke(log);
            }
        );
    }

    /// <summary>Trains a network from its last checkpoint if there is one; all processes share the steps.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="files">The files of the training.</param>
    /// <param name="network">The network; afterwards with the weights of the best epoch, or of the last one.</param>
    /// <param name="settings">From <see cref="Settings"/>; the teacher and the name of the stage may be others.</param>
    /// <param name="epochEnded">
    /// Is called after each epoch with all epochs so far and its pace; null for nothing.
    /// </param>
    /// <returns>Top-1 on the validation images at the best epoch, 0..1; null without validation images.</returns>
    public static double? Train(
        RunContext context,
        ITrainingStore files,
        CompactNetwork network,
        TrainingSettings settings,
        Action<IReadOnlyList<TrainingCurvePoint>, EpochPace>? epochEnded
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(settings);
        CompactNetwork? teacher = settings.Teacher?.Network;
        return SharedJob.Lead(
            context,
            () =>
                new SharedTraining(ArchitectureFile.ToJson(network.Architecture), settings.Steps)
                {
                    Teacher = teacher is null ? null : ArchitectureFile.ToJson(teacher.Architecture),
                    Patience = settings.Patience,
                },
            parallel =>
            {
                parallel.TakeFromLeader(teacher?.Tensors ?? []);
                (BatchLoader training, BatchLoader? validation) = Batches(context, parallel);
                using BatchLoader ownTraining = training;
                using BatchLoader? ownValidation = validation;
                return new NetworkTrainer(files, settings, parallel, context.Observer)
                {
                    EpochEnded = epochEnded,
                }.Train(network, training, validation, context.CancellationToken);
            },
            () => new CheckpointFile(files.LastCheckpoint).Intact(context.Observer)
        );
    }

    /// <summary>
    /// A process's parts of the training batches, and of the batches that select the best epoch, if there are any; the
    /// caller disposes of them.
    /// </summary>
    public static (BatchLoader Training, BatchLoader? Validation) Batches(RunContext context, DataParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(parallel);
        RunLoaders loaders = context.LoadersOf(parallel.Part);
        return (
            loaders.FinalTraining(),
            context.Options.Training.OnAll ? null : loaders.Evaluation(context.Images.Validation)
        );
    }

    /// <summary>How a training of a number of steps is run.</summary>
    public static TrainingSettings Settings(RunContext context, long steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new TrainingSettings
        {
            Steps = steps,
            Patience = context.Options.Training.Patience,
            LearningRate = context.LearningRate,
            WeightDecay = context.Options.Training.WeightDecay!.Value,
            LabelSmoothing = context.Options.Training.LabelSmoothing,
            Dropout = context.Options.Training.Dropout,
            MixupAlpha = context.Options.Training.Mixup,
            Ema = context.Options.Training.Ema,
            Norms = context.Norms,
            MostGradient = context.MostGradient,
            ClassWeights = context.ClassWeightsOf(context.Loaders.FinalImages),
            CheckpointInterval = context.CheckpointInterval,
            Seed = context.TrainingSeed,
        };
    }

    /// <summary>The steps of the training: those of its plan, which is written first if it has none yet.</summary>
    private static long StepsOf(
        RunContext context,
        RunStore store,
        Architecture architecture,
        TimeSpan? time,
        int batchesPerEpoch
    )
    {
        if (store.Plan.TrainSteps is { } begun)
        {
            return begun;
        }

        long planned = RunDefaults.TrainSteps(context.Options, batchesPerEpoch);
        if (time is { } whole && context.Options.Training.Epochs is null)
        {
            double step = SharedTrainingTiming.Measure(context, architecture);
            TimeSpan left = whole - TimeSpan.FromSeconds(store.Plan.TrainSeconds) - context.Clock.Uncharged;
            planned = Math.Max(1, (long)(left.TotalSeconds * ShareForSteps / step));
            WarnIfFew(context, "the training", planned, batchesPerEpoch);
        }

        store.Write(store.Plan with { TrainSteps = planned });
        return planned;
    }

    /// <summary>Warns if <see cref="RunOptions.Time"/> leaves a training less than an epoch.</summary>
    /// <param name="context">Receives the warning.</param>
    /// <param name="what">What is trained, for the message.</param>
    /// <param name="steps">The steps that are left.</param>
    /// <param name="batchesPerEpoch">The steps of an epoch.</param>
    public static void WarnIfFew(RunContext context, string what, long steps, int batchesPerEpoch)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (steps < batchesPerEpoch)
        {
            context.Observer.Warning(
                Invariant(
                    $"RunOptions.Time leaves {what} {steps} steps, {(double)steps / batchesPerEpoch:P0} of an epoch: "
                        + $"too few for a good model; give it more time"
                )
            );
        }
    }

    /// <summary>Loads the initial weights of <see cref="TrainingOptions.FromSupernet"/>.</summary>
    /// <param name="context">The images and options.</param>
    /// <param name="directory">The run of the training, which may have begun already.</param>
    /// <param name="searched">The run of the search.</param>
    /// <param name="architecture">The network to train.</param>
    /// <param name="pruned">
    /// Is told why if the search has pruned what is needed; the training then starts from scratch.
    /// </param>
    /// <returns>
    /// The searched path with its weights; null if the training starts from scratch or continues from a checkpoint.
    /// </returns>
    /// <exception cref="InvalidInputException">There is no search, or it was in another space.</exception>
    public static CompactNetwork? Start(
        RunContext context,
        RunDirectory directory,
        RunDirectory searched,
        Architecture architecture,
        Action<string> pruned
    )
    {
        if (
            !context.Options.Training.FromSupernet
            || (context.Options.Resume && new CheckpointFile(directory.LastCheckpoint).Exists)
        )
        {
            return null;
        }

        var checkpoint = new CheckpointFile(searched.SearchCheckpoint);
        if (!checkpoint.Exists)
        {
            throw new InvalidInputException(
                $"TrainingOptions.FromSupernet: '{searched.Root}' holds no search whose weights could be used; leave "
                    + $"the option out"
            );
        }

        int[] choice =
            context.Space.ChoiceOf(architecture)
            ?? throw new InvalidInputException(
                $"TrainingOptions.FromSupernet: the network was searched in space "
                    + $"'{architecture.Metadata.GetValueOrDefault("space")}', and is none of '{context.Space.Name}' "
                    + $"as it is now; leave the option out"
            );
        (SafeTensorsFile file, string path) = checkpoint.Read(context.Observer);
        using var super = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        NetworkTensor[] needed = [.. super.TensorsOf(choice)];
        if (needed.Any(tensor => !file.Tensors.ContainsKey(tensor.Name)))
        {
            pruned("TrainingOptions.FromSupernet: the network uses candidates whose weights the search has pruned");
            return null;
        }

        file.CopyTo(needed, path);
        return super.Extract(choice);
    }
}
