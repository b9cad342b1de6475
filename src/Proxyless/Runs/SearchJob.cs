using Proxyless.Latency;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>The jobs that begin with a search for one target: the search alone, and the whole run.</summary>
internal static class SearchJob
{
    private const double SearchShareOfTime = 0.45;
    private const double SearchAloneShareOfTime = 0.95;

    /// <summary>Searches alone.</summary>
    /// <param name="context">The job's context.</param>
    /// <param name="store">The run.</param>
    /// <param name="goal">Its goal.</param>
    public static SearchResult Search(RunContext context, RunStore store, SearchGoal goal) =>
        SearchStage.Run(context, store, goal, SearchAloneShareOfTime).Result;

    /// <summary>Searches for several targets.</summary>
    /// <param name="store">The run of all.</param>
    /// <param name="parts">The targets.</param>
    public static IReadOnlyList<SearchResult> Search(RunStore store, IReadOnlyList<SearchPart> parts) =>
        [.. SearchStage.Run(store, parts, SearchAloneShareOfTime).Select(derived => derived.Result)];

    /// <summary>Searches, trains, exports, evaluates and reports.</summary>
    /// <param name="context">The job's context.</param>
    /// <param name="store">The run.</param>
    /// <param name="goal">Its goal.</param>
    public static RunResult Whole(RunContext context, RunStore store, SearchGoal goal)
    {
        DerivedNetwork derived = SearchStage.Run(context, store, goal, SearchShareOfTime);
        TimeSpan? left = context.Options.Time - TimeSpan.FromSeconds(store.Plan.SearchSeconds);
        using CompactNetwork? start = TrainStage.Start(
            context,
            store.Directory,
            store.Directory,
            derived.Architecture,
            reason => context.Observer.Warning($"{reason}; it is trained from scratch")
        );
        TrainStage.Run(context, store, start, derived.Architecture, left);
        try
        {
            ExportStage.Run(context, store.Directory, derived.Architecture, store.Directory.Model);
            RunResult result = EvaluateStage.Finish(context, store, goal, derived);
            ReportStage.Write(context, store, goal, derived, result);
            store.Write(result);
            return result;
        }
        finally
        {
            context.Clock.Charge(store, RunStage.Export);
        }
    }

    /// <summary>Takes the folder, opens the images, finds the goal, and does the work.</summary>
    /// <typeparam name="T">What the work ends with.</typeparam>
    /// <param name="options">What is asked for.</param>
    /// <param name="time">Where the time comes from.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="work">The work, once all that it begins with is written.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    public static T Run<T>(
        RunOptions options,
        TimeProvider time,
        IRunObserver observer,
        Func<RunContext, RunStore, SearchGoal, T> work,
        CancellationToken cancellationToken
    )
    {
        var clock = new RunClock(time);
        options.ValidateForSearch();
        using RunLock held = RunOpening.Claim(ref options, RequireOneTarget, observer, out RunStore store);
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
                $"'{store.Directory.Root}' is a training without a search; go on with "
                    + $"ProxylessRun.Train(architecture: '{store.Directory.Root}', RunOptions.Resume)"
            );
        }

        using ITarget target = TargetFile.Open(context.Options.Target);
        var goal = SearchGoal.Find(context, target, options.Resume ? store.Directory : null);
        RunOpening.Begin(context, store, goal);
        return RunOpening.Resumable(store.Directory, () => work(context, store, goal), cancellationToken);
    }

    /// <summary>Refuses several targets.</summary>
    /// <exception cref="InvalidInputException">There are several.</exception>
    public static void RequireOneTarget(RunOptions options)
    {
        if (options.AlsoFor is not null)
        {
            throw new InvalidInputException(
                "several targets are for ProxylessRun.SearchAll; each of its folders is then trained with "
                    + "ProxylessRun.Train(architecture: FOLDER)"
            );
        }
    }

    /// <summary>Refuses options that leave a search without a training nothing to decide.</summary>
    /// <exception cref="InvalidInputException">They do.</exception>
    public static void RequireSearchAlone(RunOptions options)
    {
        if (options is { Time: not null, SearchEpochs: not null })
        {
            throw new InvalidInputException(
                "RunOptions.Time has nothing to decide beside RunOptions.SearchEpochs where no training follows; "
                    + "leave one of them out"
            );
        }
    }
}
