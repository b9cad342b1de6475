using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runs;

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

    private readonly MeasuringPlace[] _floats = [.. places.Where(place => !place.IsInteger)];
    private readonly MeasuringPlace[] _integers = [.. places.Where(place => place.IsInteger)];

    private long? _testImages;

    /// <summary>Does the remaining work, and writes tables, plot and page.</summary>
    public ComparisonResult Finish()
    {
        NetworkMeasurement[] measured = MeasureAll();
        int reported = -1;
        void Report()
        {
            // The page has the networks in the order of the plan, up to the first that is not trained.
            NetworkResult[][] first = [.. Trained(measured)];
            if (first.Length > reported && first.Length < plan.Networks.Count)
            {
                TryWriteReport(
                    ResultOf(first, null),
                    Invariant($"{first.Length} of {plan.Networks.Count} networks are trained.")
                );
            }

            reported = first.Length;
        }

        Report();
        new SharedTrainings(context, directory).Run(Report);
        List<NetworkResult[]> results = [.. Trained(measured)];
        if (results.Count < plan.Networks.Count)
        {
            throw new InvalidInputException(
                $"the result of a training of network {plan.Networks[results.Count].Name} in '{directory.Run.Root}' "
                    + $"was removed while others were trained; continue with RunOptions.Resume"
            );
        }

        ComparisonResult result = ResultOf(
            results,
            scorer is null ? null : Agreement([.. results.Select(network => network[0])])
        );
        directory.Write(result);
        AtomicFile.WriteAllText(directory.Csv, ComparisonTables.Csv(result));
        AtomicFile.WriteAllText(directory.Markdown, ComparisonTables.Markdown(result));
        AtomicFile.WriteAllText(directory.Plot, ComparisonPlot.File(result));
        TryWriteReport(result, null);
        return result;
    }

    /// <summary>
    /// The networks in the order of the plan, up to the first that is not trained with every seed: each in float, and
    /// behind it, if the plan says so, its integer models.
    /// </summary>
    private IEnumerable<NetworkResult[]> Trained(NetworkMeasurement[] measured)
    {
        for (int i = 0; i < plan.Networks.Count; i++)
        {
            NetworkTraining?[] trainings =
            [
                .. Enumerable.Range(0, plan.Seeds).Select(seed => directory.ReadTraining(plan.Networks[i], seed)),
            ];
            if (!Array.TrueForAll(trainings, one => one is not null && one.HasIntegers(plan.IntegerBits)))
            {
                yield break;
            }

            NetworkResult inFloat = Judge(plan.Networks[i], _architectures[i], measured[i], trainings!);
            yield return plan.IntegerBits is null ? [inFloat] : [inFloat, InIntegers(inFloat, measured[i], trainings!)];
        }
    }

    private ComparisonResult ResultOf(IEnumerable<NetworkResult[]> networks, ScoreAgreement? scores)
    {
        NetworkResult[] results = [.. networks.SelectMany(network => network)];
        return new ComparisonResult
        {
            Folder = directory.Run.Root,
            LatencyLimitMs = goal.LatencyMs,
            Target = goal.Target.Name,
            Networks = results,
            Groups = ProxylessComparison.GroupsOf(results),
            Scores = scores,
        };
    }

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
            Architectures = _architectures,
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
        NetworkTraining[] trainings
    )
    {
        _testImages ??= trainings[0].TestImages;
        double[] top1 = [.. trainings.Select(training => training.Top1)];
        ArchitectureCost cost = ArchitectureCost.Of(architecture);
        return new NetworkResult
        {
            Group = network.Group,
            Name = network.Name,
            Top1 = SampleMean.Of(top1),
            Top1Deviation = ProxylessComparison.DeviationOf(top1),
            Top5 = trainings.Average(training => training.Top5),
            Trainings = trainings.Length,
            LatencyMs = measured.Latencies[_floats[0].Target.Id],
            OtherLatenciesMs = OthersOf(_floats, measured),
            PredictedLatencyMs = IsGoal(_floats[0]) ? measured.PredictedMs : null,
            Parameters = cost.Parameters,
            MultiplyAdds = cost.MultiplyAdds,
            SharedTop1 = measured.SharedTop1,
            SharedLoss = measured.SharedLoss,
        };
    }

    private NetworkResult InIntegers(
        NetworkResult inFloat,
        NetworkMeasurement measured,
        IReadOnlyList<NetworkTraining> trainings
    )
    {
        double[] top1 = [.. trainings.Select(training => training.Integers!.Top1)];
        return inFloat with
        {
            Group = ComparedNetwork.IntegerName(inFloat.Group),
            Name = ComparedNetwork.IntegerName(inFloat.Name),
            Precision = NetworkResult.OfIntegers,
            Top1 = SampleMean.Of(top1),
            Top1Deviation = ProxylessComparison.DeviationOf(top1),
            Top5 = trainings.Average(training => training.Integers!.Top5),
            LatencyMs = measured.Latencies[_integers[0].Target.Id],
            OtherLatenciesMs = OthersOf(_integers, measured),
            PredictedLatencyMs = IsGoal(_integers[0]) ? measured.PredictedMs : null,
            SharedTop1 = null,
            SharedLoss = null,
        };
    }

    // By the names of the machines: a table has one column for the latencies of both precisions.
    private static Dictionary<string, double> OthersOf(MeasuringPlace[] some, NetworkMeasurement measured) =>
        some.Skip(1)
            .ToDictionary(
                place => IntegerModels.Without(place.Target.Name),
                place => measured.Latencies[place.Target.Id]
            );

    private bool IsGoal(MeasuringPlace place) => place.Target.Id == goal.Target.Id;

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
        double[] trained = RankCorrelation.WithTies([.. scored.Select(network => network.Top1)]);
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
