using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The search and the derivation at its end.</summary>
internal static class SearchStage
{
    // Where RunOptions.Time has room for fewer; with a large interval no architecture step follows them.
    private const long FewestStepsInTime = 4;

    /// <summary>
    /// Runs one search for several limits, or reads its results if it is finished: weights are shared; each target has
    /// its own architecture parameters, which learn at the middle one of its limits; each limit gets a network.
    /// </summary>
    /// <param name="store">The checkpoint and the plan of all parts.</param>
    /// <param name="parts">The limits; if there is one, its store may be <paramref name="store"/>.</param>
    /// <param name="timeShare">Share of <see cref="RunOptions.Time"/> that the search may take.</param>
    /// <returns>A network for each part.</returns>
    public static IReadOnlyList<PartResult<DerivedNetwork>> Run(
        RunStore store,
        IReadOnlyList<SearchPart> parts,
        double timeShare
    )
    {
        RunContext context = parts[0].Context;
        if (parts.All(part => IsFinished(store, part)))
        {
            return PartResults.Each(
                parts,
                part =>
                {
                    context.Observer.Message(
                        $"search: finished before, architecture in {part.Store.Directory.Architecture}"
                    );
                    return part.Store.ReadDerived();
                }
            );
        }

        return context.Clock.Charging(store, RunStage.Search, () => SearchAndDerive(context, store, parts, timeShare));
    }

    /// <summary>
    /// Whether a part has its network and its front; without scores, as in older versions, there is no front.
    /// </summary>
    private static bool IsFinished(RunStore store, SearchPart part) =>
        part.Store.IsDerived
        && (!File.Exists(store.Directory.Scores) || part.Store.ReadSearchResult().Front is not null);

    private static IReadOnlyList<PartResult<DerivedNetwork>> SearchAndDerive(
        RunContext context,
        RunStore store,
        IReadOnlyList<SearchPart> parts,
        double timeShare
    )
    {
        SearchPart[][] targets = [.. parts.GroupBy(part => part.Goal.Target).Select(target => target.ToArray())];
        SearchPart[] middle = [.. targets.Select(Middle)];
        context.RequireShares(context.Loaders.BatchSizeOf(context.Images.Architecture.Count));
        int batchesPerEpoch = context.Loaders.BatchesPerEpoch(context.Images.Weights);
        SearchPlan steps = PlanOf(store, middle, parts.Count, batchesPerEpoch, timeShare);
        double rate =
            context.Options.Search.ArchitectureLearningRate ?? steps.ArchitectureRate(context.Options.Search.Update);
        if (steps.ArchitectureSteps == 0)
        {
            context.Observer.Warning(
                Invariant($"the search has {steps.WeightSteps} weight steps, {steps.WarmupSteps} of them warm-up, and ")
                    + Invariant(
                        $"SearchOptions.ArchitectureInterval = {steps.Interval}: no architecture step, so that "
                    )
                    + "the probabilities say nothing; give it more steps, or a smaller interval"
            );
        }

        context.Observer.Message(
            Invariant(
                $"search: {steps.WeightSteps} weight steps of {context.Loaders.BatchSize} images "
                    + $"({(double)steps.WeightSteps / batchesPerEpoch:F1} epochs), "
            )
                + Invariant(
                    $"{steps.WarmupSteps} of them warm-up, {steps.ArchitectureSteps} architecture steps at rate "
                        + $"{rate:G3}{(targets.Length > 1 ? $" for each of {targets.Length} targets" : "")}"
                )
        );
        using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        IReadOnlyList<IReadOnlyList<SearchEpoch>> logs = SharedJob.Lead(
            context,
            () =>
                new SharedSearch(
                    steps,
                    rate,
                    [.. middle.Select(part => SharedTarget.Of(part.Goal.Target.Name, part.Goal.Limits))]
                ),
            parallel =>
                Search(
                    context,
                    store,
                    parts,
                    targets,
                    middle,
                    SearchRecipe.Settings(context, steps, rate),
                    network,
                    parallel
                ),
            () => new CheckpointFile(store.Directory.SearchCheckpoint).Intact(context.Observer)
        );
        context.Clock.Charge(store, RunStage.Search);
        IReadOnlyList<SearchEpoch> LogOf(SearchPart part) =>
            logs[Array.FindIndex(targets, target => target[0].Goal.Target == part.Goal.Target)];
        foreach (SearchPart part in parts.Where(part => part.Store != store))
        {
            BeginPart(store, part, LogOf(part));
        }

        return DeriveAll(store, parts, LogOf, network);
    }

    /// <summary>Makes the steps.</summary>
    /// <returns>The epochs of each target.</returns>
    private static IReadOnlyList<IReadOnlyList<SearchEpoch>> Search(
        RunContext context,
        RunStore store,
        IReadOnlyList<SearchPart> parts,
        SearchPart[][] targets,
        SearchPart[] middle,
        SearchSettings settings,
        SuperNetwork network,
        DataParallel parallel
    )
    {
        long steps = settings.Plan.WeightSteps;
        (BatchLoader weights, BatchLoader held) = SearchRecipe.Batches(context, parallel);
        using BatchLoader ownWeights = weights;
        using BatchLoader ownHeld = held;
        var live = new LiveReport(context, store, parts[0].Goal.Table, middle[0].Goal.LatencyMs);
        RunDirectory[] folders = [.. middle.Select(part => (targets.Length == 1 ? store : part.Store).Directory)];
        EventLog[] events = [.. folders.Select(folder => EventLog.OfSearch(context, folder))];
        using var search = new ArchitectureSearch(
            network,
            settings,
            [
                .. middle.Select(
                    (part, i) => new SearchedTarget(part.Goal.Target.Name, part.Goal.Limits, folders[i].SearchLog)
                ),
            ],
            store.Directory.SearchCheckpoint,
            parallel,
            context.Observer
        )
        {
            EpochEnded = (logs, pace) =>
            {
                for (int i = 0; i < middle.Length; i++)
                {
                    RunEpoch epoch = EpochReports.OfSearch(
                        logs[i][^1],
                        pace,
                        folders[i],
                        middle[i],
                        targets.Length > 1,
                        steps
                    );
                    context.Observer.EpochEnded(epoch);
                    events[i].Add(epoch);
                }

                live.SearchEpochEnded(logs[0], steps);
            },
        };
        search.Run(weights, held, context.CancellationToken);
        if (parts.Any(part => part.Store != store))
        {
            live.SearchEnded(search.Log());
        }

        return [.. Enumerable.Range(0, targets.Length).Select(search.Log)];
    }

    /// <summary>The part at the middle one of a target's limits; of an even number, the higher of the two.</summary>
    private static SearchPart Middle(SearchPart[] target) =>
        target.OrderBy(part => part.Goal.LatencyMs).ElementAt(target.Length / 2);

    /// <summary>Makes a part a separate run, to derive from and to train in.</summary>
    /// <param name="store">The run of all parts, whose search is finished.</param>
    /// <param name="part">The part, in its own folder.</param>
    /// <param name="log">The epochs of the search for its target.</param>
    public static void BeginPart(RunStore store, SearchPart part, IReadOnlyList<SearchEpoch> log)
    {
        RunDirectory directory = part.Store.Directory;
        if (File.Exists(directory.Config))
        {
            return;
        }

        new CheckpointFile(store.Directory.SearchCheckpoint).CopyTo(directory.SearchCheckpoint, part.Context.Observer);
        JsonLines.Write(directory.SearchLog, log);
        SearchGoals.BeginPart(part, store.Plan);
    }

    private static IReadOnlyList<PartResult<DerivedNetwork>> DeriveAll(
        RunStore store,
        IReadOnlyList<SearchPart> parts,
        Func<SearchPart, IReadOnlyList<SearchEpoch>> logOf,
        SuperNetwork network
    )
    {
        // Scores belong to the weights, which all parts share: all are made before one of the limits is decided.
        var charges = new PartCharges(store);
        var scores = new ScoreLog(store.Directory.Scores, store.ReadScores(parts[0].Context.Space));
        using var scorer = PathScorer.Lead(parts[0].Context, network);
        Undecided Score(SearchPart part) =>
            new(
                part.Store.IsDerived
                    ? null
                    : DeriveStage.Score(part.Context, part.Goal, logOf(part), scorer, scores, store.Plan.Evaluations)
            );
        DerivedNetwork Decide(SearchPart part, ScoredLimit limit, DerivedNetwork? tighter)
        {
            DerivedChoice choice = DeriveStage.Choose(
                part.Context,
                limit,
                scorer,
                tighter is null ? null : ChoiceOf(part.Context, tighter)
            );
            DerivedNetwork decided = DeriveStage.NetworkOf(
                part.Context,
                part.Store.Directory,
                part.Goal,
                choice,
                charges.SecondsOf(part)
            );
            part.Store.Write(decided);
            return decided;
        }

        IReadOnlyList<PartResult<Undecided>> scored = PartResults.Each(
            parts,
            part => charges.Of(part, () => Score(part))
        );

        // What is scored while limits are decided must not change the front that the others are decided by.
        ITarget[] swept = [.. parts.Where(part => part.Store.IsDerived).Select(part => part.Goal.Target)];
        PartResult<Undecided>[] unswept = [.. scored.Where(limit => !swept.Contains(limit.Part.Goal.Target))];
        charges.OfAll(parts[0].Context, () => FrontSweep.Run(unswept, scorer, scores, store.Plan.Evaluations));
        IReadOnlyList<PartResult<DerivedNetwork>> derived = scored.ThenFromTightest<Undecided, DerivedNetwork>(
            (part, undecided, tighter) =>
                undecided.Limit is { } limit
                    ? charges.Of(part, () => Decide(part, limit, tighter))
                    : part.Store.ReadDerived()
        );
        return WithFronts(store, derived, scores);
    }

    /// <summary>The choice that a network is; null if the space has changed since an earlier process made it.</summary>
    private static MeasuredChoice? ChoiceOf(RunContext context, DerivedNetwork network) =>
        context.Space.ChoiceOf(network.Architecture) is { } choice
            ? new MeasuredChoice(
                choice,
                network.Result.PredictedLatencyMs,
                network.Result.LatencyMs,
                network.Result.LatencyIsMeasured
            )
            : null;

    /// <summary>Adds to each network the accuracy at other latencies of its target, and writes its report.</summary>
    /// <param name="store">The run of all parts.</param>
    /// <param name="derived">The networks of the limits.</param>
    /// <param name="scores">All scores.</param>
    public static IReadOnlyList<PartResult<DerivedNetwork>> WithFronts(
        RunStore store,
        IReadOnlyList<PartResult<DerivedNetwork>> derived,
        ScoreLog scores
    ) =>
        derived.Then(
            (part, network) =>
            {
                DerivedNetwork complete = network with
                {
                    Result = network.Result with { Front = NetworkFront.Of(scores.Scores, part.Goal.Latency.Cost) },
                };
                if (part.Store != store && scores.Scores.Count > 0)
                {
                    JsonLines.Write(part.Store.Directory.Scores, scores.Scores);
                }

                part.Store.Write(complete.Result);
                ReportStage.Write(part.Context, part.Store, part.Goal.Table, complete, null);
                return complete;
            }
        );

    /// <summary>The steps of the search: those of its plan, which is written first if it has none yet.</summary>
    private static SearchPlan PlanOf(
        RunStore store,
        SearchPart[] targets,
        int limits,
        int batchesPerEpoch,
        double timeShare
    )
    {
        RunContext context = targets[0].Context;
        if (store.Plan.Search is { } begun)
        {
            return begun;
        }

        int interval = context.Options.Search.ArchitectureInterval;
        double warmup = context.Options.Search.WarmupShare;
        long steps = RunDefaults.SearchSteps(context.Options, batchesPerEpoch);
        int? evaluations = null;
        if (context.Options is { Time: { } time, Search.Epochs: null })
        {
            SpaceCost[] latencies = [.. targets.Select(target => target.Goal.Latency.Cost)];
            SearchTiming timing = SharedJob.Lead(
                context,
                () => new SharedSearchTiming(latencies),
                parallel => StepTiming.OfSearch(context, latencies, parallel)
            );
            double left = (
                (time * timeShare) - TimeSpan.FromSeconds(store.Plan.SearchSeconds) - context.Clock.Uncharged
            ).TotalSeconds;
            int scored = RunDefaults.EvaluationsIn(context.Options, limits, left, timing.Score);
            double each =
                timing.Weight
                + ((1 - warmup) * targets.Length * timing.Architecture / interval)
                + (limits * RunDefaults.FinalStepsOverSteps(context.Options) * timing.Training);
            left -= scored * RunDefaults.ScoresOverEvaluations(limits) * timing.Score;
            evaluations = scored;
            steps = Math.Max(FewestStepsInTime, (long)(left / each));
            if (steps < batchesPerEpoch)
            {
                context.Observer.Warning(
                    Invariant(
                        $"RunOptions.Time leaves the search {steps} steps, {(double)steps / batchesPerEpoch:P0} of "
                            + $"an epoch: too few to tell architectures apart; give it more time, smaller images or "
                            + $"a smaller space"
                    )
                );
            }
        }

        var plan = new SearchPlan(steps, (long)(warmup * steps), interval, context.Options.Search.WeightUpdate);
        store.Write(store.Plan with { Search = plan, Evaluations = evaluations });
        return plan;
    }

    /// <param name="Limit">The scored networks; null if an earlier process has decided.</param>
    private sealed record Undecided(ScoredLimit? Limit);
}
