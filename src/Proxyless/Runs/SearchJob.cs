using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>The jobs that begin with a search: the search alone, and the whole run.</summary>
internal static class SearchJob
{
    private const double SearchShareOfTime = 0.45;
    private const double SearchAloneShareOfTime = 0.95;

    /// <summary>Only searches.</summary>
    /// <param name="store">The run.</param>
    /// <param name="parts">Its limits.</param>
    public static IReadOnlyList<PartResult<SearchResult>> Search(RunStore store, IReadOnlyList<SearchPart> parts) =>
        SearchStage.Run(store, parts, SearchAloneShareOfTime).Then((_, derived) => derived.Result);

    /// <summary>Searches, then trains, exports, evaluates and reports for each limit.</summary>
    /// <param name="store">The run.</param>
    /// <param name="parts">Its limits.</param>
    public static IReadOnlyList<PartResult<RunResult>> Whole(RunStore store, IReadOnlyList<SearchPart> parts)
    {
        IReadOnlyList<PartResult<DerivedNetwork>> found = SearchStage.Run(store, parts, SearchShareOfTime);
        int count = found.Count(part => part.Failure is null);
        return found.Then(
            (part, derived) =>
            {
                if (parts.Count > 1)
                {
                    part.Announce();
                }

                return TrainAndReport(
                    part,
                    derived,
                    (part.Context.Options.Time - TimeSpan.FromSeconds(store.Plan.SearchSeconds)) / count
                );
            }
        );
    }

    private static RunResult TrainAndReport(SearchPart part, DerivedNetwork derived, TimeSpan? time)
    {
        (RunContext context, RunStore store, SearchGoal goal) = part;
        RunFolder.Require(store.Directory.Root);
        using CompactNetwork? start = TrainStage.Start(
            context,
            store.Directory,
            store.Directory,
            derived.Architecture,
            reason => context.Observer.Warning($"{reason}; it is trained from scratch")
        );
        var live = new LiveReport(context, store, goal.Table, goal.LatencyMs);
        TrainStage.Run(context, store, start, derived.Architecture, time, log => live.TrainingEpochEnded(derived, log));
        return context.Clock.Charging(
            store,
            RunStage.Export,
            () =>
            {
                ExportStage.Run(context, store.Directory, derived.Architecture, store.Directory.Model);
                EvaluatedRun evaluated = EvaluateStage.Finish(context, store, goal, derived);

                // The result first: a page is not worth the end of a run.
                store.Write(evaluated.Result!);
                ReportStage.Write(context, store, goal.Table, derived, evaluated);
                return evaluated.Result!;
            }
        );
    }

    /// <summary>
    /// Locks the folder, opens the images, finds the goals, and does the work; a limit that fails does not stop the
    /// others.
    /// </summary>
    /// <typeparam name="T">The result of the work for one limit.</typeparam>
    /// <param name="options">The requested options, or the run to resume.</param>
    /// <param name="time">The source of the time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="require">Rejects options of a resumed run.</param>
    /// <param name="work">The work, called after its first files are written.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <exception cref="ProxylessException">No limit has a network.</exception>
    public static LimitResults<T> Run<T>(
        RunOptions options,
        TimeProvider time,
        IRunObserver observer,
        Action<RunOptions> require,
        Func<RunStore, IReadOnlyList<SearchPart>, IReadOnlyList<PartResult<T>>> work,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var clock = new RunClock(time);
        options.ValidateForSearch();
        using RunLock held = RunOpening.Claim(ref options, require, observer, out RunStore store);
        if (options.Resume)
        {
            store.RequirePlanOfSearch();
        }

        RunContext context = RunOpening.OpenImages(
            options,
            options.Resume ? store : null,
            clock,
            observer,
            cancellationToken
        );
        if (options.Resume && store.Plan.Search is null && File.Exists(store.Directory.Architecture))
        {
            throw new InvalidInputException(
                $"'{store.Directory.Root}' is a training without a search; continue with "
                    + $"ProxylessRun.Train(architecture: '{store.Directory.Root}', RunOptions.Resume)"
            );
        }

        using var locks = new RunLocks();
        using var targets = new OpenTargets();
        SearchGoals goals = SearchGoals.Find(context, store, locks, SearchGoals.OfSearch(targets, null));
        goals.Begin(context);
        return goals.ResultsOf(
            RunOpening.Resumable(store.Directory, () => work(store, goals.Parts), cancellationToken)
        );
    }

    /// <summary>Rejects several limits or targets.</summary>
    /// <exception cref="InvalidInputException">There are several.</exception>
    public static void RequireOneLimit(RunOptions options)
    {
        if (RunParts.AreSeveral(options))
        {
            throw new InvalidInputException(
                "TargetOptions.AlsoFor asks for several networks; ProxylessRun.RunAll, SearchAll and DeriveAll make "
                    + "them"
            );
        }
    }

    /// <summary>Rejects options that leave nothing to decide in a search without a training.</summary>
    /// <exception cref="InvalidInputException">They leave nothing.</exception>
    public static void RequireSearchAlone(RunOptions options)
    {
        if (options.Training.Weights is not null)
        {
            throw new InvalidInputException(
                "TrainingOptions.Weights: a search begins with random weights; ProxylessRun.Run finds a network for "
                    + "pretrained ones"
            );
        }

        if (options is { Time: not null, Search.Epochs: not null })
        {
            throw new InvalidInputException(
                "RunOptions.Time has nothing to decide besides SearchOptions.Epochs where no training follows; "
                    + "leave one of them out"
            );
        }
    }
}
