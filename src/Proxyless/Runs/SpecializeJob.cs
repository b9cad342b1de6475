using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Locking;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The whole run that begins with pretrained weights: finds the network within the limits that keeps most of what they
/// know, trains it, and exports, evaluates and reports.
/// </summary>
internal static class SpecializeJob
{
    // If no limit is given: a network as fast as the whole one is what a training alone would give.
    private const double UsualShareOfLatency = 0.5;

    /// <summary>Does all the work, for one limit or for each of several.</summary>
    /// <param name="options">The requested options, or the run to resume.</param>
    /// <param name="architecture">
    /// The network of weights in a file: a name, or a file itself; null: that of the weights' name.
    /// </param>
    /// <param name="time">The source of the time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="require">Rejects options of a resumed run.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    public static LimitResults<RunResult> Run(
        RunOptions options,
        string? architecture,
        TimeProvider time,
        IRunObserver observer,
        Action<RunOptions> require,
        CancellationToken cancellationToken
    )
    {
        long began = time.GetTimestamp();
        var clock = new RunClock(time);
        if (!options.Resume)
        {
            RequireUsed(options);
        }

        PretrainedNetwork? asked = AskedOf(options, architecture);
        using RunLock held = RunOpening.Claim(ref options, require, observer, out RunStore store);
        if (options is { Resume: true, Target.LatencyMs: null })
        {
            throw new InvalidInputException(
                $"'{store.Directory.Root}' is a training without limits; continue with "
                    + $"ProxylessRun.Train(architecture: '{store.Directory.Root}', RunOptions.Resume)"
            );
        }

        PretrainedNetwork pretrained = options.Resume ? FineTuneOpening.NetworkOf(store, options, asked) : asked!;
        RunContext context = FineTuneOpening.OpenImages(
            options,
            pretrained,
            options.Resume ? store : null,
            clock,
            observer,
            cancellationToken
        );
        using CompactNetwork whole = FineTuneOpening.Load(pretrained, context);
        Architecture sized = FineTuneOpening.SizedFor(context, pretrained);
        context = context.SpannedBy(sized);
        RunContext training = FineTuneStage.ContextOf(context);
        using var locks = new RunLocks();
        if (options.Resume)
        {
            RequireSame(sized, store);
        }

        string weights = FineTuneOpening.RequireSameWeights(whole, store, options);
        using var limits = new Limits(whole);
        var goals = SearchGoals.Find(training, store, locks, limits.PartOf);
        goals.Begin(context);
        store.Write(store.Plan with { WeightsFingerprint = weights });
        if (RunParts.AreSeveral(options))
        {
            ArchitectureFile.Write(store.Directory.Spanning, sized);
        }

        int left = goals.Parts.Count;
        TimeSpan before = SpentBefore(goals.Parts);
        RunResult Specialize(SearchPart part)
        {
            if (part.Store != store)
            {
                part.Announce();
                if (FinishedIn(part) is { } finished)
                {
                    left--;
                    return finished;
                }
            }

            // With the time of all limits: of its own, nothing may be left, and no configuration has that.
            if (part.Store != store && !File.Exists(part.Store.Directory.Config))
            {
                SearchGoals.BeginPart(AsAsked(part, options), new RunPlan());
            }

            part = part with
            {
                Context = part.Context.WithTime(
                    TimeOf(options, before + time.GetElapsedTime(began), clock.Uncharged + SpentBefore([part]), left--)
                ),
            };
            part.Context.Observer.Part = part.Store != store ? part.Store.Directory : null;
            try
            {
                using SpecializedStart start = limits.StartOf(part);
                return Run(part, start, sized);
            }
            finally
            {
                part.Context.Observer.Part = null;
            }
        }

        return goals.ResultsOf(
            RunOpening.Resumable(store.Directory, () => PartResults.Each(goals.Parts, Specialize), cancellationToken)
        );
    }

    private static RunResult Run(SearchPart part, SpecializedStart start, Architecture sized)
    {
        (RunContext context, RunStore store, SearchGoal goal) = part;
        if (IsDecided(context, store))
        {
            return Finish(AsSpanned(context, store), store, goal, store.ReadDerived(), start);
        }

        // Not as the run's network, which is not decided yet.
        ArchitectureFile.Write(store.Directory.Spanning, sized);
        (RunContext at, SearchGoal found, DerivedNetwork derived) = Decide(context, store, start, sized.Metadata);
        return Finish(at, store, found, derived, start);
    }

    /// <summary>The part with the options of its configuration, which do not say that the images are few.</summary>
    private static SearchPart AsAsked(SearchPart part, RunOptions asked)
    {
        RunOptions options = part.Context.Options;
        TrainingOptions training = options.Training with { OnAll = asked.Training.OnAll };
        return part with { Context = part.Context with { Options = options with { Training = training } } };
    }

    /// <summary>What a limit's earlier job has finished; null if it is not resumed, or was not finished.</summary>
    private static RunResult? FinishedIn(SearchPart part)
    {
        RunDirectory folder = part.Store.Directory;
        if (
            !part.Context.Options.Resume
            || part.Store.Plan.IsReported == false
            || !File.Exists(folder.Model)
            || !File.Exists(folder.Report)
            || part.Store.ReadResult() is not { } result
        )
        {
            return null;
        }

        // The folder may have been moved.
        QuantizeResult? integers = QuantizeJob.MadeOf(part.Store);
        string model = integers?.Model ?? folder.Model;
        part.Context.Observer.Message($"finished before: {model}");
        return result with
        {
            Run = folder.Root,
            Architecture = folder.Architecture,
            Model = model,
            Integers = integers,
            Report = folder.Report,
        };
    }

    /// <summary>The time that earlier jobs have spent on limits.</summary>
    private static TimeSpan SpentBefore(IEnumerable<SearchPart> parts) =>
        TimeSpan.FromSeconds(parts.Sum(part => part.Store.Plan.Spent.TotalSeconds));

    /// <summary>
    /// The time of the next limit: its part of what is left, and what is spent already and is or will be charged to it;
    /// null without a limit on time.
    /// </summary>
    private static TimeSpan? TimeOf(RunOptions options, TimeSpan spent, TimeSpan own, int left)
    {
        if (options.Time is not { } whole)
        {
            return null;
        }

        TimeSpan rest = whole > spent ? whole - spent : TimeSpan.Zero;
        return own + (rest / left);
    }

    /// <summary>Rejects another network than the one that the networks of several limits are made of.</summary>
    private static void RequireSame(Architecture sized, RunStore store)
    {
        string file = store.Directory.Spanning;
        if (
            File.Exists(file)
            && !File.Exists(store.Directory.Architecture)
            && ArchitectureFile.Read(file) is var begun
            && !begun.Blocks.SequenceEqual(sized.Blocks)
        )
        {
            throw new InvalidInputException(
                $"'{store.Directory.Root}' began with another network than '{sized.Name}'; give that of '{file}' as "
                    + "ProxylessRun.Run(architecture)"
            );
        }
    }

    private static bool IsDecided(RunContext context, RunStore store) => context.Options.Resume && store.IsDerived;

    private static RunContext AsSpanned(RunContext context, RunStore store) =>
        context.SpannedBy(ArchitectureFile.Read(store.Directory.Spanning));

    private static SearchGoal GoalOf(RunContext context, RunStore store, ITarget target)
    {
        RunContext spanned = AsSpanned(context, store);
        LatencyTable table = LatencyTableFile.Read(store.Directory.Latency);
        table.RequireReference(
            spanned.Space,
            target,
            store.Directory.Latency,
            "restore the file, or begin another run"
        );
        return SearchGoal.Of(spanned, target, table);
    }

    private static void RequireUsed(RunOptions options)
    {
        options.ValidateForSearch();
        options.ValidateForTraining();
        var usual = new RunOptions();
        string[] idle =
        [
            .. RunSettings
                .All.Where(setting => setting.Property.DeclaringType == typeof(SearchOptions))
                .Where(setting => !Equals(setting.Get(options), setting.Get(usual)))
                .Select(setting => setting.Name),
        ];
        if (idle.Length > 0)
        {
            throw new InvalidInputException(
                $"{string.Join(", ", idle)}: nothing to decide with TrainingOptions.Weights, whose network spans the "
                    + "space; leave out what is named"
            );
        }
    }

    private static PretrainedNetwork? AskedOf(RunOptions options, string? architecture) =>
        architecture is not null ? FineTuneOpening.NetworkOf(options, architecture)
        : options.Resume ? null
        : options.Training.Weights is { } weights && File.Exists(weights)
            ? throw new InvalidInputException(
                $"TrainingOptions.Weights = '{weights}' is a file; give its network as "
                    + $"ProxylessRun.Run(architecture): {string.Join(", ", PretrainedNetworks.Names)}, or its file"
            )
        : PretrainedWeights.NetworkOf(options.Training.Weights!);

    private static RunContext WithLimit(RunContext context, SpannedTables tables)
    {
        if (context.Options.Target.LatencyMs is not null)
        {
            return context;
        }

        LatencyTable table = tables.Of(context, context.Space.Depth + 1);
        int[] whole = new int[context.Space.Depth];
        double limit = UsualShareOfLatency * table.ToSpaceTimes(context.Space, context.Classes).Of(whole);
        context.Observer.Message(
            $"limit: {MillisecondText.Of(limit)} ms, half of the whole network's latency (no TargetOptions.LatencyMs)"
        );
        return context with
        {
            Options = context.Options with { Target = context.Options.Target with { LatencyMs = limit } },
        };
    }

    private static (RunContext, SearchGoal, DerivedNetwork) Decide(
        RunContext context,
        RunStore store,
        SpecializedStart start,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        return context.Clock.Charging(
            store,
            RunStage.Search,
            () =>
            {
                (RunContext at, Architecture architecture, CompactNetwork begun) = FineTuneStage.Run(
                    store,
                    start,
                    metadata
                );
                SpecializedNetwork found = start.Found(begun);
                architecture = Named(architecture, store, found);
                store.Write(architecture);
                LatencyTableFile.Write(store.Directory.Latency, found.Goal.Table);
                ArchitectureFile.Write(store.Directory.Spanning, found.Spanning);
                var result = new SearchResult
                {
                    Run = store.Directory.Root,
                    Architecture = store.Directory.Architecture,
                    ValidationTop1 = store.Plan.FineTuning!.BeginningTop1,
                    ExpectedLatencyMs = found.Chosen.PredictedMs,
                    PredictedLatencyMs = found.Chosen.PredictedMs,
                    LatencyMs = found.Chosen.MeasuredMs,
                    LatencyIsMeasured = found.Chosen.IsMeasured,
                    LatencyLimitMs = found.Goal.LatencyMs,
                    Entropy = 0,
                    Seconds = store.Plan.SearchSeconds + context.Clock.Uncharged.TotalSeconds,
                };
                store.Write(result);
                return (at, found.Goal, new DerivedNetwork(result, architecture, []));
            }
        );
    }

    private static Architecture Named(Architecture architecture, RunStore store, SpecializedNetwork found)
    {
        string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
        return architecture with
        {
            Name = Path.GetFileName(Path.GetFullPath(store.Directory.Root)),
            Metadata = new Dictionary<string, string>(architecture.Metadata)
            {
                ["target"] = found.Goal.Target.Id,
                ["latency_limit_ms"] = Number(found.Goal.LatencyMs),
                ["latency_ms"] = Number(found.Chosen.MeasuredMs),
            },
        };
    }

    private static double Top1Of(RunContext context, CompactNetwork teacher)
    {
        using BatchLoader test = context.Loaders.Deployed(context.Images.Test);
        return NetworkEvaluator.Evaluate(teacher, test, context.Observer, context.CancellationToken).Top1;
    }

    private static RunResult Finish(
        RunContext context,
        RunStore store,
        SearchGoal goal,
        DerivedNetwork derived,
        SpecializedStart start
    )
    {
        RunFolder.Require(store.Directory.Root);
        var live = new LiveReport(context, store, goal.Table, goal.LatencyMs);
        using CompactNetwork? teacher = TeacherStage.Run(context, store, start, derived.Architecture);
        TrainStage.Run(
            context,
            store,
            start: null,
            derived.Architecture,
            context.Options.Time,
            log => live.TrainingEpochEnded(derived, log),
            teacher is null ? null : new Teacher(teacher)
        );
        return context.Clock.Charging(
            store,
            RunStage.Export,
            () =>
            {
                ExportStage.Run(context, store.Directory, derived.Architecture, store.Directory.Model);
                EvaluatedRun evaluated = EvaluateStage.Finish(context, store, goal, derived);
                RunResult result = evaluated.Result! with
                {
                    CrossValidatedTop1 = store.Plan.FineTuning!.CrossValidatedTop1,
                    TeacherTop1 = teacher is null ? null : Top1Of(context, teacher),
                };
                RunResult Write(FoldAnswers? folds)
                {
                    RunResult written = result with { Folds = folds?.Accuracy };
                    store.Write(written);
                    ReportStage.Write(
                        context,
                        store,
                        goal.Table,
                        derived,
                        evaluated with
                        {
                            Result = written,
                            InFolds = folds?.Answers,
                        }
                    );
                    return written;
                }

                // The network is finished, whatever becomes of the folds.
                RunResult finished = Write(null);
                if (context.Options.Training.Folds is { } count)
                {
                    finished = Write(FineTuneStage.InFolds(store, start, count));
                }

                store.Write(store.Plan with { IsReported = true });
                return finished;
            }
        );
    }

    /// <summary>The limits of a job, whose networks are made of the same whole one.</summary>
    /// <param name="whole">The network with its weights; not disposed of.</param>
    private sealed class Limits(CompactNetwork whole) : IDisposable
    {
        private readonly OpenTargets _targets = new();
        private readonly Dictionary<ITarget, SpannedTables> _tables = [];
        private readonly Dictionary<RunStore, NetworkSpecializer> _specializers = [];

        /// <summary>Finds the goal of one limit, whose run is given.</summary>
        public SearchPart PartOf(RunContext context, RunStore store)
        {
            ITarget target = _targets.Open(context.Options.Target.Name);
            if (!_tables.TryGetValue(target, out SpannedTables? tables))
            {
                tables = new SpannedTables(target);
                _tables.Add(target, tables);
            }

            RunContext limited = WithLimit(context, tables);
            var specializer = new NetworkSpecializer(limited, whole, tables);
            _specializers.Add(store, specializer);
            SearchGoal goal = IsDecided(limited, store) ? GoalOf(limited, store, target) : specializer.Require();
            return new SearchPart(limited, store, goal);
        }

        /// <summary>The beginning of a limit's training.</summary>
        public SpecializedStart StartOf(SearchPart part) => new(part.Context, whole, _specializers[part.Store]);

        /// <inheritdoc/>
        public void Dispose() => _targets.Dispose();
    }
}
