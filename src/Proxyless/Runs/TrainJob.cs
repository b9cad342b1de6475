using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Locking;
using Proxyless.Networks;
using Proxyless.Pretrained;

namespace Proxyless.Runs;

/// <summary>Trains one architecture and exports it.</summary>
internal static class TrainJob
{
    /// <summary>Trains and exports.</summary>
    /// <param name="options">Data and training, or the run to resume.</param>
    /// <param name="architecture">A name, a file, or the folder of a run whose search is finished.</param>
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
        RunDirectory? searched = SearchedOf(options, architecture);
        bool inPlace = searched is not null && (options.Out is null || RealPath.Same(options.Out, searched.Root));
        RunStore store;
        using RunLock held = inPlace
            ? RunOpening.ClaimSearched(ref options, searched!, observer, out store)
            : RunOpening.Claim(ref options, observer, out store);
        if (inPlace && options is { Resume: false, Overwrite: false })
        {
            RequireUntrained(store.Directory);
        }

        if (searched is not null)
        {
            RunPaths.RequireImages(options, searched.Root);
        }

        // A job that was killed before it had written its network has trained nothing: the one that is given is taken.
        bool goesOn = options.Resume && HasBegun(store.Directory);
        Architecture network = ArchitectureFile.Open(
            goesOn ? store.Directory.Architecture : searched?.Architecture ?? architecture
        );
        if (goesOn && !inPlace)
        {
            RequireSame(ArchitectureFile.Open(searched?.Architecture ?? architecture), network, store.Directory);
        }

        // The test images of other options may be images that the search's weights learned from.
        RunStore? before =
            inPlace || goesOn ? store
            : options.Training.FromSupernet && searched is not null ? new RunStore(searched)
            : options.Resume ? store
            : null;
        RunContext context = RunOpening.OpenImages(
            options with
            {
                Data = options.Data with { Resolution = options.Data.Resolution ?? network.Resolution },
            },
            before,
            clock,
            observer,
            cancellationToken
        );
        Architecture sized = network.WithInput(context.Space.Resolution, context.Images.Channels, context.Classes) with
        {
            Metadata = PretrainedNetworks.WithoutWeights(network.Metadata),
        };
        if (inPlace && (sized.Resolution != network.Resolution || sized.InputChannels != network.InputChannels))
        {
            throw new InvalidInputException(
                $"'{store.Directory.Root}' was searched at another DataOptions.Resolution or DataOptions.Channels; "
                    + $"choose another RunOptions.Out to train its network at these"
            );
        }

        // Before anything of an earlier training is removed.
        using CompactNetwork? start = TrainStage.Start(
            context,
            store.Directory,
            searched ?? store.Directory,
            sized,
            reason =>
                throw new InvalidInputException(
                    $"{reason}; leave the option out to train from scratch, or search with "
                        + $"SearchOptions.PruneThreshold = 0"
                )
        );
        RunOpening.BeginTraining(context, store, sized, inPlace);
        return RunOpening.Resumable(
            store.Directory,
            () => TrainAndExport(context, store, start, sized),
            cancellationToken
        );
    }

    private static TrainResult TrainAndExport(
        RunContext context,
        RunStore store,
        CompactNetwork? start,
        Architecture architecture
    )
    {
        LatencyTable? table =
            store.IsDerived && File.Exists(store.Directory.Latency)
                ? LatencyTableFile.Read(store.Directory.Latency)
                : null;
        DerivedNetwork? derived = table is null ? null : store.ReadDerived();
        LiveReport? live = table is null ? null : new LiveReport(context, store, table, derived!.Result.LatencyLimitMs);
        TrainResult trained = TrainStage.Run(
            context,
            store,
            start,
            architecture,
            context.Options.Time,
            log => live?.TrainingEpochEnded(derived!, log)
        );
        return context.Clock.Charging(
            store,
            RunStage.Export,
            () =>
            {
                ExportStage.Run(context, store.Directory, architecture, store.Directory.Model);
                TrainResult result = QuantizeJob.After(trained, context, store.Directory);
                if (table is not null)
                {
                    // The report of the search, now with the training.
                    ReportStage.Write(
                        context,
                        store,
                        table,
                        derived!,
                        new EvaluatedRun(result.Model, EvaluateStage.JudgeTest(context, store.Directory, result.Model))
                        {
                            Integers = result.Integers,
                        }
                    );
                }

                return result;
            }
        );
    }

    /// <summary>Returns the run in which the network was searched; null for a name or a file.</summary>
    /// <exception cref="InvalidInputException">
    /// Its search is not finished, or the options do not suit the network.
    /// </exception>
    private static RunDirectory? SearchedOf(RunOptions options, string architecture)
    {
        RunDirectory? searched = Directory.Exists(architecture) ? RunDirectory.Open(architecture) : null;
        if (searched is not null)
        {
            RunParts.RequireOne(searched);
        }

        if (searched is not null && options.Resume && !HasBegun(searched) && !File.Exists(searched.SearchLog))
        {
            throw new InvalidInputException(
                $"'{searched.Root}' was stopped before it had written its network; continue with the network that it "
                    + $"began with as ProxylessRun.Train(architecture), with RunOptions.Resume and RunOptions.Out = "
                    + $"'{searched.Root}'"
            );
        }

        if (searched is not null && !File.Exists(searched.Architecture))
        {
            throw new InvalidInputException(
                $"'{searched.Root}' has no architecture.json: its network is not decided on yet; continue with "
                    + (searched.ReadConfig().Training.Weights is null ? "ProxylessRun.Search" : "ProxylessRun.Run")
                    + $"(RunOptions.Resume, RunOptions.Out = '{searched.Root}')"
            );
        }

        if (
            searched is null
            && options.Out is { } folder
            && RealPath.Same(new RunDirectory(folder).Architecture, architecture)
        )
        {
            throw new InvalidInputException(
                $"'{architecture}' is the network of the run in '{folder}'; train it there with "
                    + $"ProxylessRun.Train(architecture) = {folder} and without RunOptions.Out"
            );
        }

        if (options is { Training.FromSupernet: true, Resume: false } && searched is null)
        {
            throw new InvalidInputException(
                "TrainingOptions.FromSupernet needs the folder of the run that was searched as "
                    + "ProxylessRun.Train(architecture); leave the option out, or give that folder"
            );
        }

        return searched;
    }

    /// <summary>Rejects another network than the one whose training is resumed.</summary>
    private static void RequireSame(Architecture asked, Architecture begun, RunDirectory directory)
    {
        Architecture sized = asked.WithInput(begun.Resolution, begun.InputChannels, begun.Classes);
        if (!sized.Blocks.SequenceEqual(begun.Blocks))
        {
            throw new InvalidInputException(
                $"RunOptions.Resume goes on with the network that '{directory.Root}' began with, and cannot change it "
                    + $"to '{asked.Name}'; give the run's folder as ProxylessRun.Train(architecture), or begin another "
                    + "run"
            );
        }
    }

    private static void RequireUntrained(RunDirectory directory)
    {
        if (IsTrained(directory))
        {
            throw new InvalidInputException(
                $"'{directory.Root}' is already trained; continue with RunOptions.Resume, train again with "
                    + $"RunOptions.Overwrite, or choose another RunOptions.Out"
            );
        }
    }

    /// <summary>
    /// Whether a training has its network here; or the run is one of a search, which has a latency table from its
    /// beginning.
    /// </summary>
    private static bool HasBegun(RunDirectory directory) =>
        File.Exists(directory.Architecture) || File.Exists(directory.Latency) || IsTrained(directory);

    private static bool IsTrained(RunDirectory directory) =>
        File.Exists(directory.BestCheckpoint) || new CheckpointFile(directory.LastCheckpoint).Exists;
}
