using MathNet.Numerics.Statistics;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Networks;

namespace Proxyless.Comparisons;

/// <summary>
/// Networks side by side: trained under one recipe, judged on one test set, measured on one target. It runs for hours and is
/// taken up where it was stopped.
/// </summary>
public static class ProxylessComparison
{
    private const string Baseline = "random";

    // With fewer an interval says nothing.
    private const int LeastForAgreement = 5;

    /// <summary>Makes, measures, trains and judges every network, and writes tables and a plot.</summary>
    /// <param name="options">What is compared and how.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellation">Stops with a checkpoint.</param>
    /// <exception cref="InvalidInputException">Options, data or a network cannot be used.</exception>
    /// <exception cref="RunInterruptedException">It was stopped; go on with <see cref="RunOptions.Resume"/>.</exception>
    public static ComparisonResult Run(ComparisonOptions options, IRunObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        RunOptions run = options.Run.Validate();
        NetworkRequest[] requests = [.. options.Networks.Distinct().Select(NetworkRequest.Parse)];
        if (requests.Length == 0 && !run.Resume)
        {
            throw new InvalidInputException($"nothing to compare: give --network once or more; each is {NetworkRequest.Forms}");
        }

        var directory = ComparisonDirectory.Choose(run.Out, run.Resume, run.Overwrite);
        if (run.Resume)
        {
            run = ProxylessRun.Resumed(run, directory.Run);
        }

        var warnings = new WarningRecorder(observer);
        RunData data = RunData.Open(run, warnings, cancellation);
        RunPlan begun = RunPlan.Read(directory.Run);
        if (run.Resume && begun.DataFingerprint != data.Images.Fingerprint)
        {
            throw new InvalidInputException($"the images of '{run.Data}' are not those that the comparison in '{directory.Run.Root}' began with; restore them, or start anew in another --out");
        }

        SearchGoal goal = SearchGoal.Find(data, run.Resume ? directory.Run : null, warnings, cancellation);
        ComparisonPlan plan = run.Resume ? directory.ReadPlan() : new ComparisonPlan([], 1, null);
        plan = plan with { Seeds = Math.Max(plan.Seeds, options.Seeds ?? 1), ScoredBy = options.ScoredBy ?? plan.ScoredBy };
        using SuperNetwork? scorer = plan.ScoredBy is { } searched ? OpenScorer(data, searched) : null;

        // All networks are made before anything is written: a wrong entry costs nothing.
        var source = new NetworkSource(data, goal, warnings);
        List<OpenedNetwork> added = Make(requests, plan, directory, source, cancellation);
        List<double> latencies = [.. added.Select(network => source.Measure(network.Architecture, cancellation))];
        if (!run.Resume)
        {
            directory.Create();
        }

        RunConfigFile.Write(directory.Run.Config, data.Options with { Out = directory.Run.Root, LatencyMs = goal.LatencyMs });
        (begun with { DataFingerprint = data.Images.Fingerprint }).Write(directory.Run);
        LatencyTableFile.Write(directory.Run.Latency, goal.Table);
        warnings.WriteTo(directory.Run);
        foreach ((OpenedNetwork network, double latency) in added.Zip(latencies))
        {
            ArchitectureFile.Write(directory.Architecture(network.Network), network.Architecture);
            directory.Write(network.Network, new NetworkMeasurement(latency, null, data.Target.Id, null, null));
        }

        plan = plan with { Networks = [.. plan.Networks, .. added.Select(network => network.Network)] };
        directory.Write(plan);
        try
        {
            return new Comparison(data, goal, plan, directory, scorer, warnings, cancellation).Finish();
        }
        catch (OperationCanceledException exception)
        {
            throw new RunInterruptedException(directory.Run.Root, exception);
        }
    }

    private static List<OpenedNetwork> Make(
        NetworkRequest[] requests, ComparisonPlan plan, ComparisonDirectory directory, NetworkSource source, CancellationToken cancellation)
    {
        List<OpenedNetwork> there = [.. plan.Networks.Select(network => new OpenedNetwork(network, ArchitectureFile.Read(directory.Architecture(network))))];
        var made = new List<OpenedNetwork>();
        foreach (NetworkRequest request in requests.Where(request => plan.Networks.All(network => network.Request != request.Text)))
        {
            made.AddRange(source.Open(request, [.. there, .. made], cancellation));
        }

        return made;
    }

    private static SuperNetwork OpenScorer(RunData data, string searched)
    {
        RunDirectory directory = RunDirectory.Open(searched);
        SearchStage.RequireFinished(directory);
        if (data.Space.ChoiceOf(ArchitectureFile.Read(directory.Architecture)) is null)
        {
            throw new InvalidInputException($"--scored-by '{searched}' was searched in another space than '{data.Space.Name}', or in that one as it was before; give its --space, or another search");
        }

        if (RunPlan.Read(directory).DataFingerprint != data.Images.Fingerprint)
        {
            throw new InvalidInputException($"--scored-by '{searched}' was searched on other images, or they were divided by another --seed; give another search");
        }

        return SearchStage.OpenNetwork(data, directory);
    }

    /// <summary>The work itself, once all is known to be good.</summary>
    private sealed class Comparison(
        RunData data, SearchGoal goal, ComparisonPlan plan, ComparisonDirectory directory, SuperNetwork? scorer, IRunObserver observer, CancellationToken cancellation)
    {
        private readonly NetworkSource _source = new(data, goal, observer);

        public ComparisonResult Finish()
        {
            var results = new List<NetworkResult>();
            for (int i = 0; i < plan.Networks.Count; i++)
            {
                results.Add(Judge(plan.Networks[i], $"{i + 1} of {plan.Networks.Count}"));
            }

            var result = new ComparisonResult
            {
                Folder = directory.Run.Root,
                LatencyLimitMs = goal.LatencyMs,
                Target = data.Target.Name,
                Networks = results,
                Groups = GroupsOf(results),
                Scores = scorer is null ? null : Agreement(results),
            };
            directory.Write(result);
            AtomicFile.WriteAllText(directory.Csv, ComparisonTables.Csv(result));
            AtomicFile.WriteAllText(directory.Markdown, ComparisonTables.Markdown(result));
            AtomicFile.WriteAllText(directory.Plot, ComparisonPlot.Svg(result));
            return result;
        }

        private NetworkResult Judge(ComparedNetwork network, string position)
        {
            Architecture architecture = ArchitectureFile.Read(directory.Architecture(network));
            NetworkMeasurement measured = Measure(network, architecture);
            var trainings = new List<NetworkTraining>();
            for (int seed = 0; seed < plan.Seeds; seed++)
            {
                if (directory.ReadTraining(network, seed) is not { } training)
                {
                    observer.Message($"network {position}: {network.Name}, {measured.LatencyMs:F3} ms, seed {seed}");
                    training = Train(network, architecture, seed);
                    observer.Message($"network {position}: {network.Name}, top-1 {training.Top1:P2}");
                }

                trainings.Add(training);
            }

            double[] top1 = [.. trainings.Select(training => training.Top1)];
            ArchitectureCost cost = ArchitectureCost.Of(architecture);
            return new NetworkResult
            {
                Group = network.Group,
                Name = network.Name,
                Top1 = top1.Average(),
                Top1Deviation = DeviationOf(top1),
                Top5 = trainings.Average(training => training.Top5),
                Trainings = trainings.Count,
                LatencyMs = measured.LatencyMs,
                PredictedLatencyMs = measured.PredictedMs,
                Parameters = cost.Parameters,
                MultiplyAdds = cost.MultiplyAdds,
                SharedTop1 = measured.SharedTop1,
            };
        }

        private NetworkMeasurement Measure(ComparedNetwork network, Architecture architecture)
        {
            NetworkMeasurement? before = directory.ReadMeasurement(network);
            int[]? choice = data.Space.ChoiceOf(architecture);
            bool isScored = before is not null && before.ScoredBy == plan.ScoredBy;
            var measured = new NetworkMeasurement(
                before is not null && before.TargetId == data.Target.Id ? before.LatencyMs : _source.Measure(architecture, cancellation),
                choice is null ? null : goal.Limits[0].Cost.Of(choice),
                data.Target.Id,
                isScored ? before!.SharedTop1 : scorer is null || choice is null ? null : SearchStage.SharedTop1(scorer, choice, data, cancellation),
                plan.ScoredBy);
            if (measured != before)
            {
                directory.Write(network, measured);
            }

            return measured;
        }

        private NetworkTraining Train(ComparedNetwork network, Architecture architecture, int seed)
        {
            RunDirectory files = directory.Training(network, seed);
            RunData seeded = data.Reseeded(seed);
            TrainStage.Run(seeded, files, null, architecture, null, observer, cancellation);
            ExportStage.Run(seeded, files, architecture, files.Model, observer, cancellation);
            EvaluateStage.Judgement judged = EvaluateStage.Judge(files.Model, data.Images.Test, seeded, observer, cancellation);
            var training = new NetworkTraining(judged.Accuracy.Top1, judged.Accuracy.Top5, RunPlan.Read(files).TrainSeconds);
            directory.Write(network, seed, training);
            return training;
        }

        private ScoreAgreement? Agreement(List<NetworkResult> results)
        {
            NetworkResult[] scored = [.. results.Where(network => network.SharedTop1 is not null)];
            if (scored.Length < results.Count)
            {
                observer.Warning(
                    $"{results.Count - scored.Length} of {results.Count} networks have no score by shared weights: they are of another space, or the search has pruned them; search with --prune-threshold 0 to keep all");
            }

            if (scored.Length < LeastForAgreement)
            {
                return null;
            }

            double[] shared = [.. scored.Select(network => network.SharedTop1!.Value)];
            double[] trained = [.. scored.Select(network => network.Top1)];
            (double low, double high) = RankCorrelation.KendallInterval(shared, trained, data.Options.Seed);
            return new ScoreAgreement(scored.Length, RankCorrelation.KendallTau(shared, trained), low, high);
        }
    }

    /// <summary>Means, deviations and tests, groups in the order they were asked for.</summary>
    internal static IReadOnlyList<GroupResult> GroupsOf(IReadOnlyList<NetworkResult> networks)
    {
        List<(string Name, NetworkResult[] Networks)> groups =
            [.. networks.GroupBy(network => network.Group).Select(group => (group.Key, group.ToArray()))];
        if (groups.Count == 0)
        {
            return [];
        }

        int index = groups.FindIndex(group => group.Name == Baseline);
        (string baseline, NetworkResult[] others) = groups[Math.Max(index, 0)];
        return [.. groups.Select(group =>
        {
            double[] top1 = [.. group.Networks.Select(network => network.Top1)];
            bool isBaseline = group.Name == baseline;
            return new GroupResult
            {
                Group = group.Name,
                Networks = top1.Length,
                Top1 = top1.Average(),
                Top1Deviation = DeviationOf(top1),
                LatencyMs = group.Networks.Average(network => network.LatencyMs),
                Against = isBaseline ? null : baseline,
                Difference = isBaseline ? null : top1.Average() - others.Average(network => network.Top1),
                P = isBaseline ? null : WelchTest.Of(top1, [.. others.Select(network => network.Top1)])?.P,
            };
        })];
    }

    private static double? DeviationOf(double[] values) => values.Length < 2 ? null : values.StandardDeviation();
}
