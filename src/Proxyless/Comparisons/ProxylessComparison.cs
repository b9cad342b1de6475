using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Locking;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Comparisons;

/// <summary>
/// Compares networks: trained with one recipe, tested on one test set, measured on one target. A comparison takes hours
/// and can be resumed where it was stopped.
/// </summary>
public static class ProxylessComparison
{
    private const string Baseline = "random";

    /// <summary>Creates, measures, trains and tests every network, and writes tables and a plot.</summary>
    /// <param name="options">What is compared and how.</param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <exception cref="InvalidInputException">Options, data or a network cannot be used.</exception>
    /// <exception cref="LimitNotMetException">
    /// No network of the space is within the limits, or not even the narrowest fitted one.
    /// </exception>
    /// <exception cref="TargetUnavailableException">A target cannot be reached; completed work is kept.</exception>
    /// <exception cref="TrainingDivergedException">
    /// The training of a network diverges; the message names it.
    /// </exception>
    /// <exception cref="RunInterruptedException">
    /// It was stopped; continue with <see cref="RunOptions.Resume"/>.
    /// </exception>
    public static ComparisonResult Run(
        ComparisonOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        ArgumentNullException.ThrowIfNull(options);
        RunOptions run = options.Run.Validate();
        NetworkRequest[] requests = RequestsOf(options);
        using RunLock held = ComparisonDirectory.Claim(
            run.Out,
            run.Resume,
            run.Overwrite,
            observer,
            out RunDirectory files
        );
        var directory = new ComparisonDirectory(files.Root);
        using IDisposable preparation = directory.Prepare();
        if (run.Resume)
        {
            run = RunOpening.Resumed(run, directory.Run);
        }

        var store = new RunStore(directory.Run);
        var context = RunContext.Open(run, observer, cancellationToken);
        if (run.Resume)
        {
            RequireSameImages(context, store);
        }

        // Before anything is profiled: a wrong name costs nothing.
        ComparisonPlan begun = run.Resume
            ? directory.ReadPlan()
            : new ComparisonPlan([], 1, null, [], Seed: context.Options.Seed);
        if (run.Resume && options.Seeds < begun.Seeds)
        {
            throw new InvalidInputException(
                Invariant($"ComparisonOptions.Seeds = {options.Seeds}: the comparison in '{directory.Run.Root}' has ")
                    + Invariant($"{begun.Seeds} trainings of each network, and keeps them; leave it out, or give more")
            );
        }

        ComparedNetwork[] dropped = [.. options.Without.Distinct().Select(name => Named(name, begun, directory))];
        foreach (NetworkRequest request in requests)
        {
            NetworkSource.RequireFile(request);
        }

        using var targets = new OpenTargets();
        var goal = SearchGoal.Find(
            context,
            targets.Open(context.Options.Target.Name),
            run.Resume ? directory.Run : null
        );
        ComparisonPlan plan = PlanOf(begun, dropped, options);
        List<MeasuringPlace> places = PlacesOf(context, goal, plan, targets);
        plan = plan with
        {
            // What was begun with fewer bits goes on with them on any processor.
            IntegerBits = places.Exists(place => place.IsInteger)
                ? Math.Min(
                    plan.IntegerBits ?? int.MaxValue,
                    UsualIntegers.WeightBitsFor(places.Select(place => place.Target))
                )
                : null,
        };
        using SuperNetwork? scorer = plan.ScoredBy is { } searched ? OpenScorer(context, searched) : null;

        // All networks are created, and measured everywhere, before anything is written: a wrong entry costs nothing.
        List<OpenedNetwork> there =
        [
            .. plan.Networks.Select(network => new OpenedNetwork(
                network,
                ArchitectureFile.Read(directory.Architecture(network))
            )),
        ];
        var source = new NetworkSource(context, goal, places.Find(place => place.Target.Id == goal.Target.Id)!);
        List<OpenedNetwork> added = Make(requests, there, [.. dropped.Select(network => network.Name)], source);
        List<MeasuredNetwork> all = Measure(there, added, directory, places, context);
        plan = plan with { Networks = [.. plan.Networks, .. added.Select(network => network.Network)] };
        Begin(context, store, goal, directory);
        Write(directory, plan, added, all, hasResult: plan.HasResultOf(begun));
        Array.ForEach(dropped, directory.Remove);
        directory.ForgetFailures(plan);
        preparation.Dispose();
        return RunOpening.Resumable(
            directory.Run,
            () => new ComparisonWork(context, goal, places, plan, directory, scorer).Finish(),
            cancellationToken
        );
    }

    /// <summary>
    /// Does trainings of a comparison that another process leads, in the same folder, until all are done. Any number of
    /// processes can join, on any machine that sees the folder and has the same images.
    /// </summary>
    /// <param name="options">
    /// The folder in <see cref="RunOptions.Out"/>; the folder of the images and the number of threads may differ here.
    /// </param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops with a checkpoint of the training at hand.</param>
    /// <exception cref="InvalidInputException">No comparison begins there, or the images differ.</exception>
    /// <exception cref="TrainingDivergedException">
    /// The training of a network diverges; the message names it.
    /// </exception>
    /// <exception cref="RunInterruptedException">It was stopped.</exception>
    public static JoinedComparison Join(
        RunOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        ArgumentNullException.ThrowIfNull(options);
        string folder =
            options.Out ?? throw new InvalidInputException("a comparison is joined in its folder; give RunOptions.Out");
        var directory = new ComparisonDirectory(folder);
        return RunOpening.Resumable(
            directory.Run,
            () =>
            {
                directory.AwaitPlan(
                    ComparisonDirectory.WaitForBeginning,
                    ClaimWatch.OfProcess(),
                    observer,
                    cancellationToken
                );
                RunOptions run = RunOpening.Joined(options, directory.Run);
                var context = RunContext.Open(run, observer, cancellationToken);
                RequireSameImages(context, new RunStore(directory.Run));
                int trained = new SharedTrainings(context, directory).Run(() => { });
                return new JoinedComparison { Folder = folder, Trainings = trained };
            },
            cancellationToken
        );
    }

    private static NetworkRequest[] RequestsOf(ComparisonOptions options)
    {
        NetworkRequest[] requests =
        [
            .. options.Networks.Select(NetworkRequest.Parse).DistinctBy(request => request.Key),
        ];
        if (requests.Length == 0 && !options.Run.Resume)
        {
            throw new InvalidInputException(
                $"nothing to compare: give ComparisonOptions.Networks once or more; each is {NetworkRequest.Forms}"
            );
        }

        if (options.Without.Count > 0 && !options.Run.Resume)
        {
            throw new InvalidInputException(
                "ComparisonOptions.Without removes networks from an existing comparison; give its RunOptions.Out "
                    + "and RunOptions.Resume"
            );
        }

        return requests;
    }

    private static void RequireSameImages(RunContext context, RunStore store)
    {
        if (!(store.Plan.DataFingerprint is { } before && context.Images.HasFingerprint(before)))
        {
            throw new InvalidInputException(
                $"the images of '{context.Options.Data.Path}' are not those that the comparison in "
                    + $"'{store.Directory.Root}' began with; restore them, name the folder where they are by "
                    + $"DataOptions.Path, or start anew in another RunOptions.Out"
            );
        }
    }

    /// <summary>The plan of the comparison, without its new networks.</summary>
    private static ComparisonPlan PlanOf(ComparisonPlan begun, ComparedNetwork[] dropped, ComparisonOptions options) =>
        begun with
        {
            Networks = [.. begun.Networks.Except(dropped)],
            Seeds = Math.Max(begun.Seeds, options.Seeds ?? 1),
            ScoredBy = ScorerOf(options.ScoredBy, begun.ScoredBy),
            Targets = TargetsOf(begun.Targets ?? [], options.Targets),
        };

    private static List<MeasuringPlace> PlacesOf(
        RunContext context,
        SearchGoal goal,
        ComparisonPlan plan,
        OpenTargets targets
    )
    {
        string[] names = [context.Options.Target.Name, .. plan.Targets];
        bool hasIntegers = names.Any(IntegerModels.Is);
        if (hasIntegers)
        {
            // Each network is two then, with latencies on the same machines.
            names =
            [
                .. TargetsOf([], names.Select(IntegerModels.Without))
                    .SelectMany(name => (string[])[name, IntegerModels.Of(name)]),
            ];
        }

        MeasuringPlace Place(string name)
        {
            if (RunPaths.IsSameTarget(name, context.Options.Target.Name))
            {
                return new MeasuringPlace(goal.Target, goal.Table);
            }

            ITarget target = targets.Open(name);
            return target is IModelTimer || !hasIntegers
                ? PlaceOf(target, context)
                : throw new InvalidInputException(
                    $"target '{name}' is a table, which runs no models: it has no latencies of integer models beside "
                        + "those of floats; leave it out, or compare models of floats alone"
                );
        }

        List<MeasuringPlace> places = [.. names.Select(Place)];
        return places.GroupBy(place => place.Target.Id).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new InvalidInputException(
                $"ComparisonOptions.Targets: {string.Join(" and ", twice.Select(place => place.Target.Name))} are "
                    + $"the same machine; leave one out"
            )
            : places;
    }

    private static List<MeasuredNetwork> Measure(
        List<OpenedNetwork> there,
        List<OpenedNetwork> added,
        ComparisonDirectory directory,
        IReadOnlyList<MeasuringPlace> places,
        RunContext context
    )
    {
        if (there.Count + added.Count == 0)
        {
            throw new InvalidInputException(
                "ComparisonOptions.Without leaves nothing to compare; keep a network, or add one by "
                    + "ComparisonOptions.Networks"
            );
        }

        MeasuredNetwork Measured(OpenedNetwork network, NetworkMeasurement? before) =>
            new(network.Network, MeasurementOf(network, before, places, context));

        // What stands under the name of an added one is of another network.
        return
        [
            .. there.Select(network => Measured(network, directory.ReadMeasurement(network.Network))),
            .. added.Select(network => Measured(network, null)),
        ];
    }

    private static void Begin(RunContext context, RunStore store, SearchGoal goal, ComparisonDirectory directory)
    {
        // A comparison that is overwritten has a plan of its own, which is removed with it.
        RunPlan plan = context.Options.Resume ? store.Plan : new RunPlan();
        if (!context.Options.Resume)
        {
            directory.Create();
        }

        RunOptions options = RunOpening.OptionsOf(context, store);
        RunConfigFile.Write(
            directory.Run.Config,
            options with
            {
                Target = options.Target with { LatencyMs = goal.LatencyMs },
            }
        );
        store.Write(plan with { DataFingerprint = context.Images.Fingerprint });
        LatencyTableFile.Write(directory.Run.Latency, goal.Table);
        context.Observer.WriteTo(directory.Run);
    }

    private static void Write(
        ComparisonDirectory directory,
        ComparisonPlan plan,
        List<OpenedNetwork> added,
        List<MeasuredNetwork> all,
        bool hasResult
    )
    {
        added.ForEach(network => directory.RemoveRest(network.Network));
        added.ForEach(network => ArchitectureFile.Write(directory.Architecture(network.Network), network.Architecture));
        all.ForEach(network => directory.Write(network.Network, network.Measurement));
        if (!hasResult)
        {
            // Before the plan, so that what is there is never that of another one, whenever the process is killed.
            directory.RemoveResult();
        }

        directory.Write(plan);
    }

    /// <summary>The full path of the scorer's folder; the plan's path if it leads to the same place.</summary>
    private static string? ScorerOf(string? given, string? before) =>
        given is null || (before is not null && RealPath.Same(given, before)) ? before : Path.GetFullPath(given);

    private static List<string> TargetsOf(IReadOnlyList<string> before, IEnumerable<string> given)
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
        return plan.Networks.FirstOrDefault(network => network.Name == name)
            ?? throw new InvalidInputException(
                $"ComparisonOptions.Without = {name}: '{directory.Run.Root}' has no network of that "
                    + $"name{NearestName.Suggestion(name, names)}; it has {string.Join(", ", names)}"
            );
    }

    private static List<OpenedNetwork> Make(
        NetworkRequest[] requests,
        List<OpenedNetwork> there,
        string[] taken,
        NetworkSource source
    )
    {
        var made = new List<OpenedNetwork>();
        foreach (
            NetworkRequest request in requests.Where(request =>
                there.TrueForAll(network => !request.IsSame(network.Network.Request))
            )
        )
        {
            made.AddRange(source.Open(request, [.. there, .. made], taken));
        }

        return made;
    }

    /// <summary>What is known of a network on every target; only missing values are measured.</summary>
    private static NetworkMeasurement MeasurementOf(
        OpenedNetwork network,
        NetworkMeasurement? before,
        IReadOnlyList<MeasuringPlace> places,
        RunContext context
    )
    {
        var latencies = new Dictionary<string, double>();
        foreach (MeasuringPlace place in places)
        {
            latencies[place.Target.Id] =
                before?.Latencies?.TryGetValue(place.Target.Id, out double known) == true
                    ? known
                    : place.Measure(network.Architecture, context);
        }

        return new NetworkMeasurement(latencies, null, before?.SharedTop1, before?.ScoredBy, before?.SharedLoss);
    }

    private static MeasuringPlace PlaceOf(ITarget target, RunContext context) =>
        new(target, SearchGoal.Profile(context, target));

    private static SuperNetwork OpenScorer(RunContext context, string searched)
    {
        RunDirectory directory = RunDirectory.Open(searched);
        var store = new RunStore(directory);
        IReadOnlyList<SearchEpoch> log = SearchedNetwork.RequireFinished(store);

        // Of several limits each has a network, and they share the weights.
        RunDirectory network = RunParts
            .FoldersOf(directory.ReadConfig(), directory.Root)
            .FirstOrDefault(folder => File.Exists(folder.Architecture), directory);
        if (context.Space.ChoiceOf(ArchitectureFile.Read(network.Architecture)) is null)
        {
            throw new InvalidInputException(
                $"ComparisonOptions.ScoredBy = '{searched}' was searched in another space than "
                    + $"'{context.Space.Name}', or in that one as it was before; give its SearchOptions.Space, or "
                    + $"another search"
            );
        }

        if (!(store.Plan.DataFingerprint is { } fingerprint && context.Images.HasFingerprint(fingerprint)))
        {
            throw new InvalidInputException(
                $"ComparisonOptions.ScoredBy = '{searched}' was searched on other images, or they were divided by "
                    + $"another RunOptions.Seed; give another search"
            );
        }

        return SearchedNetwork.Open(context, directory, log);
    }

    /// <summary>
    /// Computes means, deviations and tests, with the groups in the order in which they were requested. Groups of
    /// integer models are tested against those of the baseline, and these against the baseline itself.
    /// </summary>
    internal static IReadOnlyList<GroupResult> GroupsOf(IReadOnlyList<NetworkResult> networks)
    {
        List<(string Name, NetworkResult[] Networks)> groups =
        [
            .. networks.GroupBy(network => network.Group).Select(group => (group.Key, group.ToArray())),
        ];
        if (groups.Count == 0)
        {
            return [];
        }

        int index = groups.FindIndex(group => group.Name == Baseline);
        (string Name, NetworkResult[] Networks) inFloat = groups[Math.Max(index, 0)];
        (string Name, NetworkResult[] Networks) inIntegers = groups.Find(group =>
            group.Name == ComparedNetwork.IntegerName(inFloat.Name)
        );
        return
        [
            .. groups.Select(group =>
            {
                double[] top1 = [.. group.Networks.Select(network => network.Top1)];
                bool isBaseline = group.Name == inFloat.Name;
                (string baseline, NetworkResult[] others) =
                    group.Networks[0].IsInteger && group.Name != inIntegers.Name ? inIntegers : inFloat;
                double[] against = [.. others.Select(network => network.Top1)];
                return new GroupResult
                {
                    Group = group.Name,
                    Networks = top1.Length,
                    Top1 = SampleMean.Of(top1),
                    Top1Deviation = DeviationOf(top1),
                    LatencyMs = group.Networks.Average(network => network.LatencyMs),
                    Against = isBaseline ? null : baseline,
                    Difference = isBaseline ? null : SampleMean.Of(top1) - SampleMean.Of(against),
                    P = isBaseline ? null : WelchTest.Of(top1, against)?.P,
                };
            }),
        ];
    }

    /// <summary>The standard deviation of a sample; null for a single value.</summary>
    internal static double? DeviationOf(double[] values) =>
        values.Length < 2 ? null : Math.Sqrt(SampleVariance.Of(values));
}

/// <summary>A network with its latencies.</summary>
/// <param name="Network">The network.</param>
/// <param name="Measurement">What was measured of it.</param>
internal sealed record MeasuredNetwork(ComparedNetwork Network, NetworkMeasurement Measurement);
