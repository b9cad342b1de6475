using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Spaces;
using Proxyless.Training;

namespace Proxyless;

/// <summary>Latency table, search, derivation.</summary>
internal static class SearchStage
{
    private const double SearchShareOfTime = 0.45;
    private const int StatisticsBatches = 20;
    private const double UndecidedEntropy = 1.0 / 3;

    /// <summary>Runs the stage, or reads its result where it is finished.</summary>
    public static SearchResult Run(RunData data, RunDirectory directory, IRunObserver observer, CancellationToken cancellation)
    {
        if (File.Exists(directory.SearchResult) && File.Exists(directory.Architecture))
        {
            observer.Message($"search: finished before, architecture in {directory.Architecture}");
            return JsonSerializer.Deserialize<SearchResult>(File.ReadAllText(directory.SearchResult), JsonLines.Options)!;
        }

        long start = Stopwatch.GetTimestamp();
        RunPlan plan = RunPlan.Read(directory);
        LatencyTable table = Table(data, directory, observer, cancellation);
        CostLimit[] limits = Limits(data, table, plan.LatencyLimitMs ?? data.Options.LatencyMs, observer);
        plan = plan with { LatencyLimitMs = limits[0].Limit };
        using BatchLoader weights = data.TrainingBatches(data.Images.Weights, RandomUse.WeightImages);
        using BatchLoader held = data.TrainingBatches(data.Images.Architecture, RandomUse.ArchitectureImages);
        if (plan.Search is null)
        {
            plan = plan with { Search = Plan(data, weights.BatchesPerEpoch, Stopwatch.GetElapsedTime(start), cancellation) };
            plan.Write(directory);
        }

        SearchPlan steps = plan.Search!;
        double rate = data.Options.ArchitectureLearningRate ?? steps.ArchitectureRate(data.Options.Update);
        observer.Message(
            $"search: {steps.WeightSteps} weight steps of {data.BatchSize} images ({(double)steps.WeightSteps / weights.BatchesPerEpoch:F1} epochs), "
            + $"{steps.WarmupSteps} of them warm-up, {steps.ArchitectureSteps} architecture steps at rate {rate:G3}");
        using var network = new SuperNetwork(data.Space, data.Classes, new NetworkOptions { Device = data.Device, Seed = data.Options.Seed });
        using var search = new ArchitectureSearch(network, Settings(data, steps, rate, limits), directory, observer);
        try
        {
            search.Run(weights, held, cancellation);
        }
        finally
        {
            (plan with { SearchSeconds = plan.SearchSeconds + Stopwatch.GetElapsedTime(start).TotalSeconds }).Write(directory);
        }

        double[][] probabilities = search.Parameters.Probabilities();
        double entropy = search.Parameters.RelativeEntropy;
        if (entropy > UndecidedEntropy)
        {
            observer.Warning(
                $"the search has not decided: the entropy of the probabilities is {entropy:P0} of its start; give it more time (--search-epochs) or a higher --architecture-learning-rate");
        }

        MeasuredChoice chosen = new MeasuredDerivation(data.Space, data.Classes, data.Target, observer).Derive(probabilities, limits, table, cancellation);
        double score = Score(network, chosen.Choice, data, cancellation);
        return Finish(data, directory, chosen, probabilities, entropy, limits, score, RunPlan.Read(directory).SearchSeconds);
    }

    /// <summary>Derives from the search of another run, at the limits of this one.</summary>
    public static SearchResult DeriveAgain(
        RunData data, RunDirectory searched, RunDirectory directory, IRunObserver observer, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        SearchEpoch last = JsonLines.Read<SearchEpoch>(searched.SearchLog).LastOrDefault()
            ?? throw new InvalidInputException($"'{searched.Root}' has no search.jsonl: its search has not begun");
        LatencyTable table = Table(data, directory, observer, cancellation);
        CostLimit[] limits = Limits(data, table, data.Options.LatencyMs, observer);
        double[][] probabilities = [.. last.Probabilities];
        MeasuredChoice chosen = new MeasuredDerivation(data.Space, data.Classes, data.Target, observer).Derive(probabilities, limits, table, cancellation);
        using var network = new SuperNetwork(data.Space, data.Classes, new NetworkOptions { Device = data.Device, Seed = data.Options.Seed });
        SafeTensorsFile file = SafeTensorsFile.Read(searched.SearchCheckpoint);
        file.CopyTo(network.TensorsOf(chosen.Choice), searched.SearchCheckpoint);
        File.Copy(searched.SearchCheckpoint, EnsureFolder(directory.SearchCheckpoint), overwrite: true);
        File.Copy(searched.SearchLog, directory.SearchLog, overwrite: true);
        double score = Score(network, chosen.Choice, data, cancellation);
        (RunPlan.Read(directory) with { LatencyLimitMs = limits[0].Limit }).Write(directory);
        return Finish(data, directory, chosen, probabilities, last.RelativeEntropy, limits, score, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Writes an architecture and its picture into a run.</summary>
    public static void WriteArchitecture(RunDirectory directory, Architecture architecture)
    {
        ArchitectureFile.Write(directory.Architecture, architecture);
        AtomicFile.WriteAllText(directory.Picture, ArchitecturePicture.Svg(architecture));
    }

    private static LatencyTable Table(RunData data, RunDirectory directory, IRunObserver observer, CancellationToken cancellation)
    {
        if (File.Exists(directory.Latency))
        {
            return LatencyTableFile.Read(directory.Latency);
        }

        ProfileMode mode = data.Options.Thorough ? ProfileMode.Thorough : ProfileMode.Quick;
        LatencyTable table = LatencyTableCache.Default.GetOrProfile(data.Space, data.Classes, data.Target, mode, observer, cancellation);
        LatencyTableFile.Write(directory.Latency, table);
        LatencyCalibration calibration = table.Calibration;
        observer.Message(
            $"latency table: {table.Entries.Count} parts; over {calibration.Networks} other networks the mean error is {calibration.MeanAbsoluteError:P1}, Kendall tau {calibration.KendallTau:F2}");
        return table;
    }

    private static CostLimit[] Limits(RunData data, LatencyTable table, double? limit, IRunObserver observer)
    {
        SpaceCost latency = table.ToSpaceCost(data.Space, data.Classes);
        var limits = new List<CostLimit>();
        if (limit is null)
        {
            double middle = latency.Expectation([.. latency.Candidates.Select(block => Enumerable.Repeat(1.0 / block.Length, block.Length).ToArray())]);
            observer.Message($"no --latency: the limit is {middle:F3} ms, the middle of the space ({latency.Smallest:F3} to {latency.Largest:F3} ms)");
            limit = middle;
        }

        limits.Add(new CostLimit(latency, limit.Value));
        if (data.Options.MaxParameters is { } parameters)
        {
            limits.Add(new CostLimit(SpaceCost.Parameters(data.Space, data.Classes), parameters));
        }

        if (data.Options.MaxMacs is { } macs)
        {
            limits.Add(new CostLimit(SpaceCost.MultiplyAdds(data.Space, data.Classes), macs));
        }

        limits.ForEach(one => one.RequirePossible());
        return [.. limits];
    }

    private static SearchPlan Plan(RunData data, int batchesPerEpoch, TimeSpan elapsed, CancellationToken cancellation)
    {
        int interval = data.Options.ArchitectureInterval;
        double warmup = data.Options.WarmupShare;
        long steps = data.SearchSteps(batchesPerEpoch);
        if (data.Options.Time is { } time)
        {
            (double weight, double architecture) = StepTiming.OfSearch(data, cancellation);
            double seconds = (time.TotalSeconds * SearchShareOfTime) - elapsed.TotalSeconds;
            double each = weight + ((1 - warmup) * architecture / interval);
            steps = Math.Max(interval * 2, (long)(seconds / each));
        }

        return new SearchPlan(steps, (long)(warmup * steps), interval);
    }

    private static SearchSettings Settings(RunData data, SearchPlan plan, double rate, CostLimit[] limits) => new()
    {
        Plan = plan,
        LearningRate = data.LearningRate,
        WeightDecay = data.Options.WeightDecay,
        LabelSmoothing = data.Options.LabelSmoothing,
        ClassWeights = data.ClassWeightsOf(data.Images.Weights),
        Update = data.Options.Update,
        ArchitectureRate = rate,
        ReinforceSamples = data.Options.ReinforceSamples,
        Objective = data.Options.Objective,
        ObjectiveWeight = data.Options.ObjectiveWeight,
        Limits = limits,
        CorrectPairs = data.Options.CorrectPairs,
        AnnealEntropy = !data.Options.NoEntropySchedule,
        PruneThreshold = data.Options.PruneThreshold,
        Seed = data.Options.Seed,
    };

    private static double Score(SuperNetwork network, int[] choice, RunData data, CancellationToken cancellation)
    {
        using CompactNetwork compact = network.Extract(choice);
        using BatchLoader training = data.TrainingBatches(data.Images.Weights, RandomUse.WeightImages);
        using BatchLoader held = data.EvaluationBatches(data.Images.Architecture);
        NetworkEvaluator.ReestimateStatistics(compact, training, StatisticsBatches, cancellation);
        return NetworkEvaluator.Evaluate(x => compact.Forward(x, NormPass.Evaluation), held, data.Device, cancellation).Top1;
    }

    private static SearchResult Finish(
        RunData data,
        RunDirectory directory,
        MeasuredChoice chosen,
        double[][] probabilities,
        double entropy,
        CostLimit[] limits,
        double score,
        double seconds)
    {
        var metadata = new Dictionary<string, string>
        {
            ["space"] = data.Space.Name,
            ["choice"] = string.Join(",", chosen.Choice),
            ["target"] = data.Target.Id,
            ["latency_limit_ms"] = limits[0].Limit.ToString("R", CultureInfo.InvariantCulture),
            ["latency_ms"] = chosen.MeasuredMs.ToString("R", CultureInfo.InvariantCulture),
            ["validation_top1"] = score.ToString("R", CultureInfo.InvariantCulture),
        };
        WriteArchitecture(directory, data.Space.Architecture(chosen.Choice, data.Classes, Path.GetFileName(Path.GetFullPath(directory.Root)), metadata));
        var result = new SearchResult
        {
            Run = directory.Root,
            Architecture = directory.Architecture,
            ValidationTop1 = score,
            ExpectedLatencyMs = limits[0].Cost.Expectation(probabilities),
            PredictedLatencyMs = chosen.PredictedMs,
            LatencyMs = chosen.MeasuredMs,
            LatencyLimitMs = limits[0].Limit,
            Entropy = entropy,
            Seconds = seconds,
        };
        AtomicFile.WriteAllText(directory.SearchResult, JsonSerializer.Serialize(result, JsonLines.Indented));
        return result;
    }

    private static string EnsureFolder(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }
}
