using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Networks;
using Proxyless.Pretrained;

namespace Proxyless.Runs;

/// <summary>Trains a network that begins with pretrained weights, and exports it.</summary>
internal static class FineTuneJob
{
    /// <summary>Trains and exports.</summary>
    /// <param name="options">Data, weights and training, or the run to resume.</param>
    /// <param name="architecture">The network of the weights: a known name or a file.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    public static TrainResult Run(
        RunOptions options,
        string architecture,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        bool isFolder = Directory.Exists(architecture);
        if (isFolder && !options.Resume)
        {
            throw new InvalidInputException(
                $"TrainingOptions.Weights: '{architecture}' is a folder; give the network of the weights as "
                    + $"ProxylessRun.Train(architecture): {string.Join(", ", PretrainedNetworks.Names)}, or its file"
            );
        }

        if (isFolder && options.Out is { } folder && !RealPath.Same(folder, architecture))
        {
            throw new InvalidInputException(
                $"RunOptions.Resume goes on with the network that '{folder}' began with, and cannot change it to that "
                    + $"of '{architecture}'; give the run's folder as ProxylessRun.Train(architecture), or begin "
                    + "another run"
            );
        }

        // Limits belong to a run; they distinguish a run from a training.
        options = options with
        {
            Target = new TargetOptions(),
        };
        options = isFolder && options.Out is null ? options with { Out = architecture } : options;
        PretrainedNetwork? asked = isFolder ? null : FineTuneOpening.NetworkOf(options, architecture);
        using RunLock held = RunOpening.Claim(ref options, observer, out RunStore store);
        if (options is { Resume: true, Target.LatencyMs: not null })
        {
            throw new InvalidInputException(
                $"'{store.Directory.Root}' is a run with limits; continue with "
                    + $"ProxylessRun.Run(RunOptions.Resume, RunOptions.Out = '{store.Directory.Root}')"
            );
        }

        PretrainedNetwork known = options.Resume ? FineTuneOpening.NetworkOf(store, options, asked) : asked!;
        RunContext context = FineTuneOpening.OpenImages(
            options,
            known,
            options.Resume ? store : null,
            clock,
            observer,
            cancellationToken
        );

        // Before anything is written: the file may be of another network.
        using CompactNetwork whole = FineTuneOpening.Load(known, context);
        string weights = FineTuneOpening.RequireSameWeights(whole, store, options);
        Architecture sized = FineTuneOpening.SizedFor(context, known);
        RunContext training = FineTuneStage.ContextOf(context);

        // A resumed training keeps the network that was decided on.
        Architecture? decided =
            options.Resume && store.Plan.FineTuning is not null
                ? ArchitectureFile.Read(store.Directory.Architecture)
                : null;
        RunOpening.BeginTraining(context, store, decided ?? sized, inPlace: false);
        store.Write(store.Plan with { WeightsFingerprint = weights });
        return RunOpening.Resumable(
            store.Directory,
            () => TrainAndExport(training, store, new WholeStart(training, whole), decided, sized.Metadata),
            cancellationToken
        );
    }

    private static TrainResult TrainAndExport(
        RunContext context,
        RunStore store,
        WholeStart start,
        Architecture? decided,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        Architecture architecture = decided ?? Begin(context, store, start, metadata);
        RunFolder.Require(store.Directory.Root);
        TrainResult trained = TrainStage.Run(context, store, start: null, architecture, context.Options.Time);
        TrainResult result = context.Clock.Charging(
            store,
            RunStage.Export,
            () =>
            {
                ExportStage.Run(context, store.Directory, architecture, store.Directory.Model);
                return QuantizeJob.After(trained, context, store.Directory);
            }
        );
        if (context.Options.Training.Folds is not { } count)
        {
            return result;
        }

        FoldAnswers folds = context.Clock.Charging(
            store,
            RunStage.Training,
            () => FineTuneStage.InFolds(store, start, count)
        );
        return result with { Folds = folds.Accuracy, Seconds = store.Plan.TrainSeconds };
    }

    private static Architecture Begin(
        RunContext context,
        RunStore store,
        WholeStart start,
        IReadOnlyDictionary<string, string> metadata
    ) => context.Clock.Charging(store, RunStage.Training, () => FineTuneStage.Run(store, start, metadata).Architecture);
}
