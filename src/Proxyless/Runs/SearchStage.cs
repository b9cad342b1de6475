using System.Globalization;
using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Search and derivation.</summary>
internal static class SearchStage
{
    private const int StatisticsBatches = 20;
    private const double UndecidedEntropy = 1.0 / 3;

    /// <summary>Runs the stage, or reads its result where it is finished.</summary>
    /// <param name="data">The images.</param>
    /// <param name="directory">The run.</param>
    /// <param name="goal">Table and limits.</param>
    /// <param name="timeShare">Share of <see cref="RunOptions.Time"/> that the search may take.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    public static SearchResult Run(
        RunData data,
        RunDirectory directory,
        SearchGoal goal,
        double timeShare,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken) =>
        Run(directory, [new SearchPart(data, directory, goal)], timeShare, clock, observer, cancellationToken)[0];

    /// <summary>One search for several targets: weights are shared, each target gets an architecture of its own.</summary>
    /// <param name="directory">The checkpoint and the plan of all.</param>
    /// <param name="parts">The targets; where there is one, its directory may be <paramref name="directory"/>.</param>
    /// <param name="timeShare">Share of <see cref="RunOptions.Time"/> that the search may take.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <returns>A result for each part.</returns>
    public static IReadOnlyList<SearchResult> Run(
        RunDirectory directory,
        IReadOnlyList<SearchPart> parts,
        double timeShare,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken)
    {
        if (parts.All(IsDerived))
        {
            return [.. parts.Select(part =>
            {
                observer.Message($"search: finished before, architecture in {part.Directory.Architecture}");
                return ReadResult(part.Directory);
            })];
        }

        try
        {
            return SearchAndDerive(directory, parts, timeShare, clock, observer, cancellationToken);
        }
        finally
        {
            clock.Charge(directory, RunStage.Search);
        }
    }

    private static List<SearchResult> SearchAndDerive(
        RunDirectory directory,
        IReadOnlyList<SearchPart> parts,
        double timeShare,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken)
    {
        RunData data = parts[0].Data;
        RunPlan plan = RunPlan.Read(directory);
        using BatchLoader weights = data.TrainingBatches(data.Images.Weights, RandomUse.WeightImages, data.TrainingTransforms);
        using BatchLoader held = data.TrainingBatches(data.Images.Architecture, RandomUse.ArchitectureImages, data.TrainingTransforms);
        if (plan.Search is null)
        {
            TimeSpan? Left() =>
                (data.Options.Time * timeShare) - TimeSpan.FromSeconds(plan.SearchSeconds) - clock.Uncharged;
            SearchPlan made = Plan(data, parts.Count, weights.BatchesPerEpoch, Left, observer, cancellationToken);
            plan = plan with { Search = made };
            plan.Write(directory);
        }

        SearchPlan steps = plan.Search!;
        double rate = data.Options.ArchitectureLearningRate ?? steps.ArchitectureRate(data.Options.Update);
        observer.Message(
            Invariant($"search: {steps.WeightSteps} weight steps of {data.BatchSize} images ({(double)steps.WeightSteps / weights.BatchesPerEpoch:F1} epochs), ")
            + Invariant($"{steps.WarmupSteps} of them warm-up, {steps.ArchitectureSteps} architecture steps at rate {rate:G3}{(parts.Count > 1 ? $" for each of {parts.Count} targets" : "")}"));
        using var network = new SuperNetwork(data.Space, data.Classes, data.NetworkOptions);
        using var search = new ArchitectureSearch(
            network,
            Settings(data, steps, rate),
            [.. parts.Select(part => new SearchedTarget(part.Data.Target.Name, part.Goal.Limits, part.Directory.SearchLog))],
            directory.SearchCheckpoint,
            observer);
        search.Run(weights, held, cancellationToken);
        plan = clock.Charge(directory, RunStage.Search);

        foreach (SearchPart part in parts.Where(part => part.Directory != directory && !File.Exists(part.Directory.Config)))
        {
            // From now on a run of its own, to derive from and to train in.
            new CheckpointFile(directory.SearchCheckpoint).CopyTo(part.Directory.SearchCheckpoint, observer);
            (plan with { DataFingerprint = part.Data.Images.Fingerprint }).Write(part.Directory);
            RunConfigFile.Write(part.Directory.Config, part.Data.Options with { Out = Path.GetFullPath(part.Directory.Root), LatencyMs = part.Goal.LatencyMs });
        }

        // One target that cannot be served, or reached, does not keep the others from theirs.
        double charged = plan.SearchSeconds;
        double SecondsOfPart()
        {
            double before = charged;
            charged = clock.Charge(directory, RunStage.Search).SearchSeconds;
            return plan.SearchSeconds + (charged - before);
        }

        var results = new List<SearchResult>();
        var failures = new List<Exception>();
        for (int i = 0; i < parts.Count; i++)
        {
            try
            {
                SearchPart part = parts[i];
                results.Add(IsDerived(part)
                    ? ReadResult(part.Directory)
                    : Derive(
                        part.Data,
                        part.Directory,
                        part.Goal,
                        search.Log(i),
                        network,
                        SecondsOfPart,
                        observer,
                        cancellationToken));
            }
            catch (InvalidInputException exception) when (parts.Count > 1)
            {
                SecondsOfPart();
                failures.Add(new InvalidInputException($"{parts[i].Directory.Root}: {exception.Message}", exception));
            }
            catch (LimitNotMetException exception) when (parts.Count > 1)
            {
                SecondsOfPart();
                failures.Add(new LimitNotMetException($"{parts[i].Directory.Root}: {exception.Message}", exception));
            }
            catch (TargetUnavailableException exception) when (parts.Count > 1)
            {
                failures.Add(
                    new TargetUnavailableException($"{parts[i].Directory.Root}: {exception.Message}", exception));
            }
        }

        return failures.Count == 0 ? results : throw OneOf(failures);
    }

    /// <summary>What several targets failed with, in one: of the kind that all are of, else bad input.</summary>
    internal static ProxylessException OneOf(IReadOnlyList<Exception> failures)
    {
        string message = string.Join('\n', failures.Select(failure => failure.Message));
        return failures.All(failure => failure is TargetUnavailableException)
            ? new TargetUnavailableException(message, failures[0])
            : failures.All(failure => failure is LimitNotMetException)
                ? new LimitNotMetException(message, failures[0])
                : new InvalidInputException(message, failures[0]);
    }

    private static bool IsDerived(SearchPart part) => File.Exists(part.Directory.SearchResult) && File.Exists(part.Directory.Architecture);

    /// <summary>What an earlier part of a run found.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    internal static SearchResult ReadResult(RunDirectory directory) =>
        JsonText.Read<SearchResult>(directory.SearchResult, "remove it to have the architecture derived again") with
        {
            // Where they are now: the folder may have been moved.
            Run = directory.Root,
            Architecture = directory.Architecture,
        };

    /// <summary>Derives from the search of another run, at new limits; nothing is written.</summary>
    /// <param name="data">The images.</param>
    /// <param name="searched">The run whose search is finished.</param>
    /// <param name="goal">Table and limits.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="InvalidInputException">The space has changed.</exception>
    /// <exception cref="LimitNotMetException">No network that is derived is within the limits as measured.</exception>
    public static AgainDerived DeriveAgain(RunData data, RunDirectory searched, SearchGoal goal, IRunObserver observer, CancellationToken cancellationToken)
    {
        List<SearchEpoch> log = JsonLines.Read<SearchEpoch>(searched.SearchLog);
        using SuperNetwork network = OpenNetwork(data, searched, observer);
        (MeasuredChoice chosen, double? score) = Choose(data, goal, log, network, observer, cancellationToken);
        return new AgainDerived(log, chosen, score);
    }

    /// <summary>Writes what was derived, and the search that it came from, into a run.</summary>
    /// <param name="derived">What was derived.</param>
    /// <param name="data">The images.</param>
    /// <param name="searched">The run whose search is finished.</param>
    /// <param name="directory">The new run.</param>
    /// <param name="goal">Table and limits.</param>
    /// <param name="seconds">What deriving it took, profiling included.</param>
    public static SearchResult Write(
        AgainDerived derived,
        RunData data,
        RunDirectory searched,
        RunDirectory directory,
        SearchGoal goal,
        double seconds)
    {
        new CheckpointFile(searched.SearchCheckpoint).CopyTo(directory.SearchCheckpoint, NullRunObserver.Instance);
        JsonLines.Write(directory.SearchLog, derived.Log);
        return Finish(data, directory, goal, derived.Chosen, derived.Log[^1], derived.SharedTop1, seconds);
    }

    /// <summary>The super-network as a finished search left it, what it has pruned missing.</summary>
    public static SuperNetwork OpenNetwork(RunData data, RunDirectory searched, IRunObserver observer)
    {
        IReadOnlyList<double[]> last = JsonLines.Read<SearchEpoch>(searched.SearchLog).LastOrDefault()?.Probabilities
            ?? throw new InvalidInputException($"{searched.SearchLog} holds no epoch: there is no search to take weights from");
        (SafeTensorsFile checkpoint, string path) = new CheckpointFile(searched.SearchCheckpoint).Read(observer);
        var network = new SuperNetwork(
            data.Space, data.Classes, data.NetworkOptions with { SharesWeights = SearchState.SharesWeights(checkpoint) });
        if (!network.Blocks.Select(block => block.Candidates.Count).SequenceEqual(last.Select(block => block.Length)))
        {
            network.Dispose();
            throw new InvalidInputException($"'{searched.Root}' was searched in a space with other candidates than '{data.Space.Name}' has now");
        }

        for (int i = 0; i < network.Blocks.Count; i++)
        {
            foreach (int j in Enumerable.Range(0, network.Blocks[i].Candidates.Count).Where(j => last[i][j] == 0))
            {
                network.Blocks[i].Prune(j);
            }
        }

        checkpoint.CopyTo(network.Tensors, path);
        return network;
    }

    /// <summary>Accuracy of a path with the shared weights on the images that architectures are chosen on, batch norm's statistics made anew.</summary>
    /// <returns>Top-1 in 0..1; null where the search has pruned some of the path's weights.</returns>
    public static double? SharedTop1(SuperNetwork network, IReadOnlyList<int> choice, RunData data, CancellationToken cancellationToken)
    {
        if (choice.Where((j, i) => network.Blocks[i].Candidates[j] is null).Any())
        {
            return null;
        }

        using CompactNetwork compact = network.Extract(choice);
        using BatchLoader training = data.TrainingBatches(data.Images.Weights, RandomUse.WeightImages, data.TrainingTransforms);
        using BatchLoader held = data.EvaluationBatches(data.Images.Architecture);
        NetworkEvaluator.ReestimateStatistics(compact, training, StatisticsBatches, cancellationToken);
        return NetworkEvaluator.Evaluate(x => compact.Forward(x, NormPass.Evaluation), held, data.Device, cancellationToken: cancellationToken).Top1;
    }

    /// <summary>Refuses a run whose search has not come to its end.</summary>
    /// <exception cref="InvalidInputException">It has not.</exception>
    public static void RequireFinished(RunDirectory searched)
    {
        RequireOneTarget(searched);
        long done = JsonLines.Read<SearchEpoch>(searched.SearchLog).LastOrDefault()?.Step ?? 0;
        long planned = RunPlan.Read(searched).Search?.WeightSteps ?? long.MaxValue;
        if (done < planned)
        {
            throw new InvalidInputException(
                $"the search in '{searched.Root}' is not finished; go on with it first: ProxylessRun.Search(RunOptions.Resume, RunOptions.Out = '{searched.Root}')");
        }
    }

    /// <summary>Refuses the folder of a search for several targets, which holds the folders of their runs.</summary>
    /// <exception cref="InvalidInputException">It is such a folder; the message names the folders in it.</exception>
    public static void RequireOneTarget(RunDirectory searched)
    {
        RunOptions options = RunConfigFile.Read(searched.Config);
        if (options.AlsoFor is not null)
        {
            IEnumerable<string> folders = TargetLimit.ParseAll(options.AlsoFor).Select(other => other.Target).Prepend(options.Target)
                .Select(target => Path.Combine(searched.Root, TargetLimit.FolderOf(target)));
            throw new InvalidInputException($"'{searched.Root}' is a search for several targets; once it is finished, each has a run of its own: {string.Join(", ", folders)}");
        }
    }

    /// <summary>Writes an architecture and its picture into a run.</summary>
    public static void WriteArchitecture(RunDirectory directory, Architecture architecture)
    {
        ArchitectureFile.Write(directory.Architecture, architecture);
        AtomicFile.WriteAllText(directory.Picture, ArchitecturePicture.Svg(architecture));
    }

    private static SearchPlan Plan(
        RunData data,
        int targets,
        int batchesPerEpoch,
        Func<TimeSpan?> time,
        IRunObserver observer,
        CancellationToken cancellationToken)
    {
        int interval = data.Options.ArchitectureInterval;
        double warmup = data.Options.WarmupShare;
        long steps = data.SearchSteps(batchesPerEpoch);
        if (data.Options is { Time: not null, SearchEpochs: null })
        {
            (double weight, double architecture) = StepTiming.OfSearch(data, cancellationToken);
            double each = weight + ((1 - warmup) * targets * architecture / interval);
            steps = Math.Max(interval * 2, (long)(time()!.Value.TotalSeconds / each));
            if (steps < batchesPerEpoch)
            {
                observer.Warning(
                    Invariant($"RunOptions.Time leaves the search {steps} steps, {(double)steps / batchesPerEpoch:P0} of an epoch: too few to tell architectures apart; give it more time, smaller images or a smaller space"));
            }
        }

        return new SearchPlan(steps, (long)(warmup * steps), interval);
    }

    private static SearchResult Derive(
        RunData data,
        RunDirectory directory,
        SearchGoal goal,
        IReadOnlyList<SearchEpoch> log,
        SuperNetwork network,
        Func<double> seconds,
        IRunObserver observer,
        CancellationToken cancellationToken)
    {
        (MeasuredChoice chosen, double? score) = Choose(data, goal, log, network, observer, cancellationToken);
        return Finish(data, directory, goal, chosen, log[^1], score, seconds());
    }

    private static (MeasuredChoice Chosen, double? SharedTop1) Choose(
        RunData data, SearchGoal goal, IReadOnlyList<SearchEpoch> log, SuperNetwork network, IRunObserver observer, CancellationToken cancellationToken)
    {
        double entropy = log[^1].RelativeEntropy;
        if (entropy > UndecidedEntropy)
        {
            observer.Warning(
                Invariant($"the search has not decided: the entropy of the probabilities is {entropy:P0} of that of even odds; give it more time (RunOptions.SearchEpochs) or a higher RunOptions.ArchitectureLearningRate"));
        }

        double[][] probabilities = DerivationProbabilities.Of(log, data.Options.PruneThreshold);
        MeasuredChoice chosen = new MeasuredDerivation(data.Space, data.Classes, data.Target, observer)
            .Derive(probabilities, goal.Limits, goal.Table, cancellationToken);
        double? score = SharedTop1(network, chosen.Choice, data, cancellationToken);
        if (score is null)
        {
            observer.Message("derived: with candidates whose weights the search has pruned, so there is no accuracy before the training");
        }

        return (chosen, score);
    }

    private static SearchSettings Settings(RunData data, SearchPlan plan, double rate) => new()
    {
        Plan = plan,
        LearningRate = data.LearningRate,
        WeightDecay = data.Options.WeightDecay!.Value,
        LabelSmoothing = data.Options.LabelSmoothing,
        ClassWeights = data.ClassWeightsOf(data.Images.Weights),
        CheckpointInterval = data.CheckpointInterval,
        Update = data.Options.Update,
        ArchitectureRate = rate,
        SampledArchitectures = data.Options.ReinforceSamples,
        Objective = data.Options.Objective,
        ObjectiveWeight = data.Options.ObjectiveWeight,
        CorrectPairs = data.Options.CorrectPairs,
        AnnealEntropy = !data.Options.NoEntropySchedule,
        PruneThreshold = data.Options.PruneThreshold,
        Seed = data.Options.Seed,
    };

    private static SearchResult Finish(
        RunData data, RunDirectory directory, SearchGoal goal, MeasuredChoice chosen, SearchEpoch last, double? score, double seconds)
    {
        string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
        var metadata = new Dictionary<string, string>
        {
            ["space"] = data.Space.Name,
            ["choice"] = string.Join(",", chosen.Choice),
            ["target"] = data.Target.Id,
            ["latency_limit_ms"] = Number(goal.LatencyMs),
            ["latency_ms"] = Number(chosen.MeasuredMs),
        };
        if (score is { } top1)
        {
            metadata[ArchitectureFile.SupernetTop1Key] = Number(top1);
        }

        WriteArchitecture(directory, data.Space.Architecture(chosen.Choice, data.Classes, Path.GetFileName(Path.GetFullPath(directory.Root)), metadata));
        var result = new SearchResult
        {
            Run = directory.Root,
            Architecture = directory.Architecture,
            ValidationTop1 = score,
            ExpectedLatencyMs = goal.Latency.Cost.Expectation(last.Probabilities),
            PredictedLatencyMs = chosen.PredictedMs,
            LatencyMs = chosen.MeasuredMs,
            LatencyIsMeasured = chosen.IsMeasured,
            LatencyLimitMs = goal.LatencyMs,
            Entropy = last.RelativeEntropy,
            Seconds = seconds,
        };
        AtomicFile.WriteAllText(directory.SearchResult, JsonSerializer.Serialize(result, JsonLines.Indented));
        return result;
    }
}

/// <summary>What was derived from a search that was finished before.</summary>
/// <param name="Log">The search's epochs.</param>
/// <param name="Chosen">The architecture and its latency.</param>
/// <param name="SharedTop1">Its accuracy with the shared weights; null where the search has pruned some of them.</param>
internal sealed record AgainDerived(IReadOnlyList<SearchEpoch> Log, MeasuredChoice Chosen, double? SharedTop1);
