using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Comparisons;

/// <summary>The work of a comparison, once all inputs are checked.</summary>
internal sealed class ComparisonWork(
    RunContext context,
    SearchGoal goal,
    IReadOnlyList<MeasuringPlace> places,
    ComparisonPlan plan,
    ComparisonDirectory directory,
    SuperNetwork? scorer
)
{
    // With fewer networks an interval means nothing.
    private const int LeastForAgreement = 5;

    private readonly Architecture[] _architectures =
    [
        .. plan.Networks.Select(network => ArchitectureFile.Read(directory.Architecture(network))),
    ];

    private bool _isTrainedHere;
    private long? _testImages;

    /// <summary>Does the remaining work, and writes tables, plot and page.</summary>
    public ComparisonResult Finish()
    {
        NetworkMeasurement[] measured = MeasureAll();
        var results = new List<NetworkResult>();
        for (int i = 0; i < plan.Networks.Count; i++)
        {
            results.Add(Judge(plan.Networks[i], _architectures[i], measured[i], $"{i + 1} of {plan.Networks.Count}"));
            if (_isTrainedHere && results.Count < plan.Networks.Count)
            {
                TryWriteReport(
                    ResultOf(results, null),
                    Invariant($"{results.Count} of {plan.Networks.Count} networks are trained.")
                );
            }
        }

        ComparisonResult result = ResultOf(results, scorer is null ? null : Agreement(results));
        directory.Write(result);
        AtomicFile.WriteAllText(directory.Csv, ComparisonTables.Csv(result));
        AtomicFile.WriteAllText(directory.Markdown, ComparisonTables.Markdown(result));
        AtomicFile.WriteAllText(directory.Plot, ComparisonPlot.File(result));
        TryWriteReport(result, null);
        return result;
    }

    private ComparisonResult ResultOf(IReadOnlyList<NetworkResult> results, ScoreAgreement? scores) =>
        new()
        {
            Folder = directory.Run.Root,
            LatencyLimitMs = goal.LatencyMs,
            Target = goal.Target.Name,
            Networks = [.. results],
            Groups = ProxylessComparison.GroupsOf(results),
            Scores = scores,
        };

    private void TryWriteReport(ComparisonResult result, string? status)
    {
        try
        {
            WriteReport(result, status);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The trainings and the result are there, and a page is not worth them.
            context.Observer.Warning($"'{directory.Run.Report}' cannot be written: {exception.Message}");
        }
    }

    private void WriteReport(ComparisonResult result, string? status)
    {
        var data = new ComparisonReportData
        {
            Title = $"{plan.Networks.Count} networks on {context.Images.Name}, {goal.Target.Name}",
            Status = status,
            TestImages = _testImages ?? context.Images.Test.Count,
            Architectures = _architectures[..result.Networks.Count],
            Warnings = context.Observer.Warnings,
            Provenance = ReportStage.ProvenanceOf(context, goal.Table),
            Configuration = File.ReadAllText(directory.Run.Config),
        };
        AtomicFile.WriteAllText(directory.Run.Report, ComparisonReport.Html(result, data));
    }

    private NetworkResult Judge(
        ComparedNetwork network,
        Architecture architecture,
        NetworkMeasurement measured,
        string position
    )
    {
        var trainings = new List<NetworkTraining>();
        for (int seed = 0; seed < plan.Seeds; seed++)
        {
            if (directory.ReadTraining(network, seed) is not { } training)
            {
                context.Observer.Message(
                    Invariant(
                        $"network {position}: {network.Name}, {measured.Latencies[places[0].Target.Id]:F3} ms, seed "
                            + $"{seed}"
                    )
                );
                training = Train(network, architecture, seed);
                _isTrainedHere = true;
                context.Observer.Message(Invariant($"network {position}: {network.Name}, top-1 {training.Top1:P2}"));
            }

            _testImages ??= training.TestImages;
            trainings.Add(training);
        }

        double[] top1 = [.. trainings.Select(training => training.Top1)];
        ArchitectureCost cost = ArchitectureCost.Of(architecture);
        return new NetworkResult
        {
            Group = network.Group,
            Name = network.Name,
            Top1 = top1.Average(),
            Top1Deviation = ProxylessComparison.DeviationOf(top1),
            Top5 = trainings.Average(training => training.Top5),
            Trainings = trainings.Count,
            LatencyMs = measured.Latencies[places[0].Target.Id],
            OtherLatenciesMs = places
                .Skip(1)
                .ToDictionary(place => place.Target.Name, place => measured.Latencies[place.Target.Id]),
            PredictedLatencyMs = measured.PredictedMs,
            Parameters = cost.Parameters,
            MultiplyAdds = cost.MultiplyAdds,
            SharedTop1 = measured.SharedTop1,
            SharedLoss = measured.SharedLoss,
        };
    }

    /// <summary>Before the first training, so that the images for scoring do not stay in memory during it.</summary>
    private NetworkMeasurement[] MeasureAll()
    {
        PathScorer? paths = null;
        try
        {
            PathScorer? Paths() => scorer is null ? null : paths ??= new PathScorer(context, scorer);
            return
            [
                .. plan.Networks.Zip(_architectures, (network, architecture) => Measure(network, architecture, Paths)),
            ];
        }
        finally
        {
            paths?.Dispose();
        }
    }

    private NetworkMeasurement Measure(ComparedNetwork network, Architecture architecture, Func<PathScorer?> paths)
    {
        // Its latencies were measured before anything was written.
        NetworkMeasurement before = directory.ReadMeasurement(network)!;
        int[]? choice = context.Space.ChoiceOf(architecture);
        bool isScored =
            before.ScoredBy == plan.ScoredBy && (before.SharedTop1 is null || before.SharedLoss is not null);
        SharedScore? score = isScored || choice is null ? null : paths()?.Of(choice);
        var measured = new NetworkMeasurement(
            before.Latencies,
            choice is null ? null : goal.Latency.Cost.Of(choice),
            isScored ? before.SharedTop1 : score?.Top1,
            plan.ScoredBy,
            isScored ? before.SharedLoss : score?.Loss
        );
        directory.Write(network, measured);
        return measured;
    }

    private NetworkTraining Train(ComparedNetwork network, Architecture architecture, int seed)
    {
        RunDirectory files = directory.Training(network, seed);
        var store = new RunStore(files);
        RunContext seeded = context.Reseeded(seed, new RunClock(TimeProvider.System));
        TrainResult trained;
        try
        {
            trained = TrainStage.Run(seeded, store, null, architecture, null);
        }
        catch (InvalidInputException exception)
        {
            // Errors of the images or of a damaged file: the other networks would meet them too, or the message says
            // the fix.
            throw new InvalidInputException($"network {network.Name}, seed {seed}: {exception.Message}", exception);
        }
        catch (TrainingDivergedException exception)
        {
            throw new TrainingDivergedException(
                $"network {network.Name}, seed {seed}: {exception.Message}; "
                    + $"to leave this network out, continue with RunOptions.Resume and ComparisonOptions.Without = "
                    + $"{network.Name}",
                exception
            );
        }

        ExportStage.Run(seeded, files, architecture, files.Model);
        EvaluateStage.Judgement judged = EvaluateStage.JudgeTest(seeded, files.Model);
        var training = new NetworkTraining(judged.Accuracy.Top1, judged.Accuracy.Top5, trained.Seconds)
        {
            TestImages = judged.Accuracy.Images,
        };
        directory.Write(network, seed, training);
        return training;
    }

    private ScoreAgreement? Agreement(List<NetworkResult> results)
    {
        NetworkResult[] scored = [.. results.Where(network => network.SharedLoss is not null)];
        if (scored.Length < results.Count)
        {
            context.Observer.Warning(
                $"{results.Count - scored.Length} of {results.Count} networks have no score by shared weights: they "
                    + $"are of another space, or the search has pruned them; search with SearchOptions.PruneThreshold "
                    + $"= 0 to keep all"
            );
        }

        if (scored.Length < LeastForAgreement)
        {
            return null;
        }

        double[] shared = [.. scored.Select(network => -network.SharedLoss!.Value)];
        double[] trained = [.. scored.Select(network => network.Top1)];
        if (shared.Distinct().Count() < 2 || trained.Distinct().Count() < 2)
        {
            context.Observer.Warning(
                "all networks have the same score, or the same accuracy: there is no order to compare"
            );
            return null;
        }

        (double low, double high) = RankCorrelation.KendallInterval(shared, trained, context.Options.Seed);
        return new ScoreAgreement(scored.Length, RankCorrelation.KendallTau(shared, trained), low, high);
    }
}
