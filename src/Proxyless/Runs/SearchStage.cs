using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>The search, and the derivation that ends it.</summary>
internal static class SearchStage
{
    /// <summary>Runs the stage, or reads its result where it is finished.</summary>
    /// <param name="context">What every stage is given.</param>
    /// <param name="store">The run.</param>
    /// <param name="goal">Target, table and limits.</param>
    /// <param name="timeShare">Share of <see cref="RunOptions.Time"/> that the search may take.</param>
    public static DerivedNetwork Run(RunContext context, RunStore store, SearchGoal goal, double timeShare) =>
        Run(store, [new SearchPart(context, store, goal)], timeShare)[0];

    /// <summary>
    /// One search for several targets: weights are shared, each target gets an architecture of its own.
    /// </summary>
    /// <param name="store">The checkpoint and the plan of all.</param>
    /// <param name="parts">The targets; if there is one, its store may be <paramref name="store"/>.</param>
    /// <param name="timeShare">Share of <see cref="RunOptions.Time"/> that the search may take.</param>
    /// <returns>A network for each part.</returns>
    public static IReadOnlyList<DerivedNetwork> Run(RunStore store, IReadOnlyList<SearchPart> parts, double timeShare)
    {
        RunContext context = parts[0].Context;
        if (parts.All(part => part.Store.IsDerived))
        {
            return
            [
                .. parts.Select(part =>
                {
                    context.Observer.Message(
                        $"search: finished before, architecture in {part.Store.Directory.Architecture}"
                    );
                    return part.Store.ReadDerived();
                }),
            ];
        }

        try
        {
            return SearchAndDerive(context, store, parts, timeShare);
        }
        finally
        {
            context.Clock.Charge(store, RunStage.Search);
        }
    }

    private static List<DerivedNetwork> SearchAndDerive(
        RunContext context,
        RunStore store,
        IReadOnlyList<SearchPart> parts,
        double timeShare
    )
    {
        RunLoaders loaders = context.Loaders;
        using BatchLoader weights = loaders.Training(context.Images.Weights, RandomUse.WeightImages);
        using BatchLoader held = loaders.Training(context.Images.Architecture, RandomUse.ArchitectureImages);
        SearchPlan steps = PlanOf(store, parts, weights.BatchesPerEpoch, timeShare);
        double rate = context.Options.ArchitectureLearningRate ?? steps.ArchitectureRate(context.Options.Update);
        context.Observer.Message(
            Invariant(
                $"search: {steps.WeightSteps} weight steps of {context.Loaders.BatchSize} images "
                    + $"({(double)steps.WeightSteps / weights.BatchesPerEpoch:F1} epochs), "
            )
                + Invariant(
                    $"{steps.WarmupSteps} of them warm-up, {steps.ArchitectureSteps} architecture steps at rate "
                        + $"{rate:G3}{(parts.Count > 1 ? $" for each of {parts.Count} targets" : "")}"
                )
        );
        using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        using var search = new ArchitectureSearch(
            network,
            Settings(context, steps, rate),
            [
                .. parts.Select(part => new SearchedTarget(
                    part.Goal.Target.Name,
                    part.Goal.Limits,
                    part.Store.Directory.SearchLog
                )),
            ],
            store.Directory.SearchCheckpoint,
            context.Observer
        );
        search.Run(weights, held, context.CancellationToken);
        context.Clock.Charge(store, RunStage.Search);
        BeginParts(store, parts);
        return DeriveAll(store, parts, search, network);
    }

    /// <summary>Makes each part a run of its own, to derive from and to train in.</summary>
    private static void BeginParts(RunStore store, IReadOnlyList<SearchPart> parts)
    {
        var checkpoint = new CheckpointFile(store.Directory.SearchCheckpoint);
        foreach (SearchPart part in parts.Where(part => part.Store != store))
        {
            RunDirectory directory = part.Store.Directory;
            if (File.Exists(directory.Config))
            {
                continue;
            }

            checkpoint.CopyTo(directory.SearchCheckpoint, part.Context.Observer);
            part.Store.Write(store.Plan with { DataFingerprint = part.Context.Images.Fingerprint });
            RunOptions options = part.Context.Options with
            {
                Out = Path.GetFullPath(directory.Root),
                LatencyMs = part.Goal.LatencyMs,
            };
            RunConfigFile.Write(directory.Config, options);
        }
    }

    private static List<DerivedNetwork> DeriveAll(
        RunStore store,
        IReadOnlyList<SearchPart> parts,
        ArchitectureSearch search,
        SuperNetwork network
    )
    {
        // A part is charged with the search, which is of all, and with its own derivation.
        double searched = store.Plan.SearchSeconds;
        double charged = searched;
        double SecondsOf(SearchPart part)
        {
            double before = charged;
            part.Context.Clock.Charge(store, RunStage.Search);
            charged = store.Plan.SearchSeconds;
            return searched + (charged - before);
        }

        // Scores are of the weights, which all targets share.
        var scores = new ScoreLog(store.Directory.Scores);

        // One target that cannot be served, or reached, does not keep the others from theirs.
        var derived = new List<DerivedNetwork>();
        var failures = new List<Exception>();
        for (int i = 0; i < parts.Count; i++)
        {
            SearchPart part = parts[i];
            try
            {
                derived.Add(
                    part.Store.IsDerived
                        ? part.Store.ReadDerived()
                        : Derive(part, search.Log(i), network, scores, () => SecondsOf(part))
                );
            }
            catch (ProxylessException exception)
                when (parts.Count > 1
                    && exception is InvalidInputException or LimitNotMetException or TargetUnavailableException
                )
            {
                SecondsOf(part);
                failures.Add(Failure([exception], $"{part.Store.Directory.Root}: {exception.Message}"));
            }
        }

        return failures.Count == 0 ? derived : throw OneOf(failures);
    }

    private static DerivedNetwork Derive(
        SearchPart part,
        IReadOnlyList<SearchEpoch> log,
        SuperNetwork network,
        ScoreLog scores,
        Func<double> seconds
    )
    {
        DerivedChoice choice = DeriveStage.Choose(part.Context, part.Goal, log, network, scores);
        DerivedNetwork derived = DeriveStage.NetworkOf(
            part.Context,
            part.Store.Directory,
            part.Goal,
            choice,
            seconds()
        );
        if (part.Store.Directory.Scores is var file && !File.Exists(file))
        {
            JsonLines.Write(file, scores.Scores);
        }

        part.Store.Write(derived);
        return derived;
    }

    /// <summary>What several targets failed with, in one: of the kind that all are of, else bad input.</summary>
    internal static ProxylessException OneOf(IReadOnlyList<Exception> failures) =>
        Failure(failures, string.Join('\n', failures.Select(failure => failure.Message)));

    private static ProxylessException Failure(IReadOnlyList<Exception> causes, string message) =>
        causes.All(cause => cause is TargetUnavailableException) ? new TargetUnavailableException(message, causes[0])
        : causes.All(cause => cause is LimitNotMetException) ? new LimitNotMetException(message, causes[0])
        : new InvalidInputException(message, causes[0]);

    /// <summary>The steps of the search: those of its plan, into which they are written if it has none yet.</summary>
    private static SearchPlan PlanOf(
        RunStore store,
        IReadOnlyList<SearchPart> parts,
        int batchesPerEpoch,
        double timeShare
    )
    {
        RunContext context = parts[0].Context;
        if (store.Plan.Search is { } begun)
        {
            return begun;
        }

        int interval = context.Options.ArchitectureInterval;
        double warmup = context.Options.WarmupShare;
        long steps = RunDefaults.SearchSteps(context.Options, batchesPerEpoch);
        if (context.Options is { Time: { } time, SearchEpochs: null })
        {
            (double weight, double architecture) = StepTiming.OfSearch(
                context,
                [.. parts.Select(part => part.Goal.Latency.Cost)]
            );
            double each = weight + ((1 - warmup) * parts.Count * architecture / interval);
            TimeSpan left =
                (time * timeShare) - TimeSpan.FromSeconds(store.Plan.SearchSeconds) - context.Clock.Uncharged;
            steps = Math.Max(interval * 2, (long)(left.TotalSeconds / each));
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

        var plan = new SearchPlan(steps, (long)(warmup * steps), interval, context.Options.WeightUpdate);
        store.Write(store.Plan with { Search = plan });
        return plan;
    }

    private static SearchSettings Settings(RunContext context, SearchPlan plan, double rate) =>
        new()
        {
            Plan = plan,
            LearningRate = context.LearningRate,
            WeightDecay = context.Options.WeightDecay!.Value,
            LabelSmoothing = context.Options.LabelSmoothing,
            ClassWeights = context.ClassWeightsOf(context.Images.Weights),
            CheckpointInterval = context.CheckpointInterval,
            Update = context.Options.Update,
            ArchitectureRate = rate,
            SampledArchitectures = context.Options.ReinforceSamples,
            Objective = context.Options.Objective,
            ObjectiveWeight = context.Options.ObjectiveWeight,
            CorrectPairs = context.Options.CorrectPairs,
            AnnealEntropy = !context.Options.NoEntropySchedule,
            PruneThreshold = context.Options.PruneThreshold,
            Seed = context.Options.Seed,
        };
}
