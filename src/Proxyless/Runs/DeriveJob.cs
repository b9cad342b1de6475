using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>Derives other networks from a finished search, for new limits.</summary>
internal static class DeriveJob
{
    /// <summary>Derives the networks.</summary>
    /// <param name="source">The run whose search is finished.</param>
    /// <param name="options">That run's options with new limits and the destination of the networks.</param>
    /// <param name="observer">Receives progress, messages and warnings.</param>
    /// <param name="cancellationToken">Stops the job; nothing is written until all limits are decided.</param>
    public static LimitResults<SearchResult> Run(
        string source,
        RunOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        var clock = new RunClock(TimeProvider.System);
        var searched = new RunStore(RunDirectory.Open(source));
        IReadOnlyList<SearchEpoch> log = SearchedNetwork.RequireFinished(searched);
        using RunLock held = RunDirectory.ClaimNew(
            options.Validate().Out,
            options.Overwrite,
            observer,
            out RunDirectory directory
        );
        RequireAnother(options, directory, searched.Directory);
        RunPaths.RequireImages(options, source);
        RunContext context = RunOpening.OpenImages(options, searched, clock, observer, cancellationToken);
        SearchedNetwork.RequireSpace(context.Space, log, searched.Directory);
        var store = new RunStore(directory);
        using var locks = new RunLocks();
        using var targets = new OpenTargets();
        SearchGoals goals = SearchGoals.Find(context, store, locks, SearchGoals.OfSearch(targets, searched.Directory));
        DeriveStage.RequireWeights(context, searched.Directory, log);

        // Before anything is written, or anything of an earlier run removed.
        var scores = new ScoreLog(file: null, searched.ReadScores(context.Space));
        using SuperNetwork network = SearchedNetwork.Open(context, searched.Directory, log);
        using var scorer = PathScorer.Lead(context, network);
        IReadOnlyList<PartResult<ScoredLimit>> scored = PartResults.Each(
            goals.Parts,
            part => DeriveStage.Score(part.Context, part.Goal, log, scorer, scores)
        );
        FrontSweep.Run(scored, scorer, scores, evaluations: null);
        IReadOnlyList<PartResult<DerivedChoice>> chosen = scored.ThenFromTightest<ScoredLimit, DerivedChoice>(
            (part, limit, tighter) => DeriveStage.Choose(part.Context, limit, scorer, tighter?.Chosen)
        );
        goals.RequireOne(chosen);
        goals.Begin(context);
        store.TakeSearch(searched, log, scores.Scores);
        clock.Charge(store, RunStage.Search);
        IReadOnlyList<PartResult<DerivedNetwork>> derived = chosen.Then(
            (part, choice) =>
            {
                if (part.Store != store)
                {
                    SearchStage.BeginPart(store, part, log);
                }

                DerivedNetwork network = DeriveStage.NetworkOf(
                    part.Context,
                    part.Store.Directory,
                    part.Goal,
                    choice,
                    store.Plan.SearchSeconds
                );
                part.Store.Write(network);
                return network;
            }
        );
        return goals.ResultsOf(SearchStage.WithFronts(store, derived, scores).Then((_, network) => network.Result));
    }

    /// <summary>Rejects a destination of which the searched run is a part: the files there are removed.</summary>
    private static void RequireAnother(RunOptions options, RunDirectory directory, RunDirectory searched)
    {
        if (RealPath.Same(directory.Root, searched.Root))
        {
            throw new InvalidInputException(
                $"RunOptions.Out = '{directory.Root}' is the searched run itself; choose another folder"
            );
        }

        if (RunParts.FoldersOf(options, directory.Root).Any(part => RealPath.Same(part.Root, searched.Root)))
        {
            throw new InvalidInputException(
                $"RunOptions.Out = '{directory.Root}': the searched run '{searched.Root}' is the folder of one of the "
                    + "limits there; choose another folder"
            );
        }
    }
}
