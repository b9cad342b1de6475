using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Comparisons;

/// <summary>
/// Networks side by side: trained under one recipe, judged on one test set, measured on one target. It runs for hours and is
/// taken up where it was stopped.
/// </summary>
public static class ProxylessComparison
{
    private const string Baseline = "random";

    /// <summary>Makes, measures, trains and judges every network, and writes tables and a plot.</summary>
    /// <param name="options">What is compared and how.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <exception cref="InvalidInputException">Options, data or a network cannot be used.</exception>
    /// <exception cref="LimitNotMetException">No network of the space is within the limits, or not even the narrowest fitted one.</exception>
    /// <exception cref="TrainingDivergedException">The training of a network diverges; the message names it.</exception>
    /// <exception cref="RunInterruptedException">It was stopped; go on with <see cref="RunOptions.Resume"/>.</exception>
    public static ComparisonResult Run(ComparisonOptions options, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        RunOptions run = options.Run.Validate();
        NetworkRequest[] requests = [.. options.Networks.Select(NetworkRequest.Parse).DistinctBy(request => request.Key)];
        if (requests.Length == 0 && !run.Resume)
        {
            throw new InvalidInputException($"nothing to compare: give ComparisonOptions.Networks once or more; each is {NetworkRequest.Forms}");
        }

        if (options.Without.Count > 0 && !run.Resume)
        {
            throw new InvalidInputException("ComparisonOptions.Without takes networks out of a comparison that is there; give its RunOptions.Out and RunOptions.Resume");
        }

        using RunLock held = ComparisonDirectory.Claim(
            run.Out, run.Resume, run.Overwrite, observer, out RunDirectory files);
        var directory = new ComparisonDirectory(files.Root);
        if (run.Resume)
        {
            run = ProxylessRun.Resumed(run, directory.Run);
        }

        var warnings = new WarningRecorder(observer);
        using RunData data = RunData.Open(run, warnings, cancellationToken);
        RunPlan begun = RunPlan.Read(directory.Run);
        if (run.Resume && !(begun.DataFingerprint is { } before && data.Images.HasFingerprint(before)))
        {
            throw new InvalidInputException($"the images of '{run.Data}' are not those that the comparison in '{directory.Run.Root}' began with; restore them, name the folder where they are by RunOptions.Data, or start anew in another RunOptions.Out");
        }

        SearchGoal goal = SearchGoal.Find(data, run.Resume ? directory.Run : null, warnings, cancellationToken);
        ComparisonPlan plan = run.Resume ? directory.ReadPlan() : new ComparisonPlan([], 1, null, []);
        ComparedNetwork[] dropped = [.. options.Without.Distinct().Select(name => Named(name, plan, directory))];
        plan = plan with
        {
            Networks = [.. plan.Networks.Except(dropped)],
            Seeds = Math.Max(plan.Seeds, options.Seeds ?? 1),
            ScoredBy = ScorerOf(options.ScoredBy, plan.ScoredBy),
            Targets = TargetsOf(plan.Targets ?? [], options.Targets),
        };
        List<MeasuringPlace> places = [new(data.Target, goal.Table), .. plan.Targets.Select(target => PlaceOf(target, data, warnings, cancellationToken))];
        if (places.GroupBy(place => place.Target.Id).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new InvalidInputException($"ComparisonOptions.Targets: {string.Join(" and ", twice.Select(place => place.Target.Name))} are the same machine; leave one out");
        }

        using SuperNetwork? scorer = plan.ScoredBy is { } searched ? OpenScorer(data, searched, warnings) : null;

        // All networks are made, and measured everywhere, before anything is written: a wrong entry costs nothing.
        var source = new NetworkSource(data, goal, places[0], warnings);
        List<OpenedNetwork> there = [.. plan.Networks.Select(network => new OpenedNetwork(network, ArchitectureFile.Read(directory.Architecture(network))))];
        List<OpenedNetwork> added = Make(requests, there, [.. dropped.Select(network => network.Name)], source, cancellationToken);
        List<OpenedNetwork> all = [.. there, .. added];
        if (all.Count == 0)
        {
            throw new InvalidInputException("ComparisonOptions.Without leaves nothing to compare; keep a network, or add one by ComparisonOptions.Networks");
        }

        List<NetworkMeasurement> measurements = [.. all.Select(network => MeasurementOf(
            network, run.Resume ? directory.ReadMeasurement(network.Network) : null, places, data, warnings, cancellationToken))];
        if (!run.Resume)
        {
            directory.Create();
        }

        RunConfigFile.Write(directory.Run.Config, data.Options with { Out = Path.GetFullPath(directory.Run.Root), LatencyMs = goal.LatencyMs });
        (begun with { DataFingerprint = data.Images.Fingerprint }).Write(directory.Run);
        LatencyTableFile.Write(directory.Run.Latency, goal.Table);
        warnings.WriteTo(directory.Run);
        added.ForEach(network => ArchitectureFile.Write(directory.Architecture(network.Network), network.Architecture));
        foreach ((OpenedNetwork network, NetworkMeasurement measurement) in all.Zip(measurements))
        {
            directory.Write(network.Network, measurement);
        }

        plan = plan with { Networks = [.. plan.Networks, .. added.Select(network => network.Network)] };
        directory.Write(plan);
        Array.ForEach(dropped, directory.Remove);
        return ProxylessRun.Resumable(
            directory.Run,
            () => new ComparisonWork(data, goal, places, plan, directory, scorer, warnings, cancellationToken).Finish(),
            cancellationToken);
    }

    /// <summary>The scorer's folder, whole; as the plan has it where that leads to the same place.</summary>
    private static string? ScorerOf(string? given, string? before) =>
        given is null || (before is not null && RealPath.Same(given, before)) ? before : Path.GetFullPath(given);

    private static List<string> TargetsOf(IReadOnlyList<string> before, IReadOnlyList<string> given)
    {
        List<string> targets = [.. before];
        foreach (string target in given.Where(target => !targets.Exists(other => RunPaths.IsSameTarget(other, target))))
        {
            targets.Add(RunPaths.WholeTarget(target));
        }

        return targets;
    }

    private static ComparedNetwork Named(string name, ComparisonPlan plan, ComparisonDirectory directory)
    {
        string[] names = [.. plan.Networks.Select(network => network.Name)];
        return plan.Networks.FirstOrDefault(network => network.Name == name) ?? throw new InvalidInputException(
            $"ComparisonOptions.Without = {name}: '{directory.Run.Root}' has no network of that name{NearestName.Suggestion(name, names)}; it has {string.Join(", ", names)}");
    }

    private static List<OpenedNetwork> Make(
        NetworkRequest[] requests, List<OpenedNetwork> there, string[] taken, NetworkSource source, CancellationToken cancellationToken)
    {
        var made = new List<OpenedNetwork>();
        foreach (NetworkRequest request in requests.Where(request => there.TrueForAll(network => !request.IsSame(network.Network.Request))))
        {
            made.AddRange(source.Open(request, [.. there, .. made], taken, cancellationToken));
        }

        return made;
    }

    /// <summary>What is known of a network on every target; only what is missing is measured.</summary>
    private static NetworkMeasurement MeasurementOf(
        OpenedNetwork network, NetworkMeasurement? before, IReadOnlyList<MeasuringPlace> places, RunData data, IRunObserver observer, CancellationToken cancellationToken)
    {
        var latencies = new Dictionary<string, double>();
        foreach (MeasuringPlace place in places)
        {
            latencies[place.Target.Id] = before?.Latencies?.TryGetValue(place.Target.Id, out double known) == true
                ? known
                : place.Measure(network.Architecture, data, observer, cancellationToken);
        }

        return new NetworkMeasurement(latencies, null, before?.SharedTop1, before?.ScoredBy);
    }

    private static MeasuringPlace PlaceOf(string name, RunData data, IRunObserver observer, CancellationToken cancellationToken)
    {
        ITarget target = data.OpenTarget(name);
        ProfileMode mode = data.Options.Thorough ? ProfileMode.Thorough : ProfileMode.Quick;
        return new MeasuringPlace(target, LatencyTableCache.Default.GetOrProfile(data.Space, data.Classes, target, mode, observer, cancellationToken));
    }

    private static SuperNetwork OpenScorer(RunData data, string searched, IRunObserver observer)
    {
        RunDirectory directory = RunDirectory.Open(searched);
        SearchStage.RequireFinished(directory);
        if (data.Space.ChoiceOf(ArchitectureFile.Read(directory.Architecture)) is null)
        {
            throw new InvalidInputException($"ComparisonOptions.ScoredBy = '{searched}' was searched in another space than '{data.Space.Name}', or in that one as it was before; give its RunOptions.Space, or another search");
        }

        if (!(RunPlan.Read(directory).DataFingerprint is { } fingerprint && data.Images.HasFingerprint(fingerprint)))
        {
            throw new InvalidInputException($"ComparisonOptions.ScoredBy = '{searched}' was searched on other images, or they were divided by another RunOptions.Seed; give another search");
        }

        return SearchStage.OpenNetwork(data, directory, observer);
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

    /// <summary>The standard deviation of a sample; null of one value.</summary>
    internal static double? DeviationOf(double[] values) =>
        values.Length < 2 ? null : Math.Sqrt(SampleVariance.Of(values));
}
