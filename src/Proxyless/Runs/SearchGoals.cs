using System.Runtime.ExceptionServices;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Locking;

namespace Proxyless.Runs;

/// <summary>
/// The limits of a job: those that can be searched for, and those that no network of the space meets. A single limit
/// uses the job's own folder; each of several has a folder within it (<see cref="RunParts"/>).
/// </summary>
internal sealed class SearchGoals
{
    private readonly RunStore _store;
    private readonly List<(RunPart Limit, SearchPart? Part, ProxylessException? Failure)> _limits = [];
    private readonly List<RunDirectory> _folders = [];

    private SearchGoals(RunStore store) => _store = store;

    /// <summary>The goals that can be searched for; at least one.</summary>
    public IReadOnlyList<SearchPart> Parts => [.. _limits.Select(limit => limit.Part).OfType<SearchPart>()];

    /// <summary>Finds the goal of each limit; writes nothing into a run.</summary>
    /// <param name="context">The common context of all stages, for all limits.</param>
    /// <param name="store">The run of all limits.</param>
    /// <param name="locks">Locks the folder of each, in which another job may train.</param>
    /// <param name="partOf">Finds the goal of one limit, whose run is given.</param>
    /// <exception cref="LimitNotMetException">None of the limits can be met.</exception>
    public static SearchGoals Find(
        RunContext context,
        RunStore store,
        RunLocks locks,
        Func<RunContext, RunStore, SearchPart> partOf
    )
    {
        var goals = new SearchGoals(store);
        IReadOnlyList<RunPart> limits = RunParts.Of(context.Options);
        if (!RunParts.AreSeveral(context.Options))
        {
            goals._limits.Add((limits[0], partOf(context, store), null));
            return goals;
        }

        foreach (RunPart limit in limits)
        {
            var folder = new RunDirectory(Path.Combine(store.Directory.Root, limit.Folder));
            locks.Acquire(folder.Root);
            goals._folders.Add(folder);
            try
            {
                goals._limits.Add((limit, partOf(context.For(limit), new RunStore(folder)), null));
            }
            catch (LimitNotMetException exception)
            {
                context.Observer.Warning(exception.Message);
                goals._limits.Add((limit, null, exception));
            }
        }

        return goals.Parts.Count > 0
            ? goals
            : throw OneOf([.. goals._limits.Select(limit => limit.Failure).OfType<ProxylessException>()]);
    }

    /// <summary>Finds the goals of a search, with one latency table for each target.</summary>
    /// <param name="targets">Opens the targets.</param>
    /// <param name="before">A run whose latency tables are used; null: the limit's own, if it is resumed.</param>
    public static Func<RunContext, RunStore, SearchPart> OfSearch(OpenTargets targets, RunDirectory? before)
    {
        var tables = new Dictionary<ITarget, LatencyTable>();
        return (context, store) =>
        {
            ITarget target = targets.Open(context.Options.Target.Name);
            if (!tables.TryGetValue(target, out LatencyTable? table))
            {
                table = SearchGoal.TableOf(
                    context,
                    target,
                    before ?? (context.Options.Resume ? store.Directory : null)
                );
                tables.Add(target, table);
            }

            return new SearchPart(context, store, SearchGoal.Of(context, target, table));
        };
    }

    /// <summary>Writes the first files of a search: a new run, or the one that is resumed.</summary>
    /// <param name="context">The common context of all stages, for all limits.</param>
    public void Begin(RunContext context)
    {
        // The result of an old search for a limit must not be taken for that of this one.
        RunOpening.Begin(context, _store, Parts[0].Goal, () => _folders.ForEach(folder => folder.Empty()));
        foreach (SearchPart part in Parts.Where(part => part.Store != _store))
        {
            // Its configuration is written when the search is finished: only then is it a run.
            RunDirectory directory = part.Store.Directory;
            LatencyTableFile.Write(directory.Latency, part.Goal.Table);
            IReadOnlyList<string> warnings = part.Context.Observer.Warnings;
            JsonLines.Write(directory.Warnings, JsonLines.Read<string>(directory.Warnings).Union(warnings));
        }
    }

    /// <summary>Makes a part a run of its own; its configuration is the last that is written.</summary>
    /// <param name="part">The part, in its own folder.</param>
    /// <param name="plan">What is decided already.</param>
    public static void BeginPart(SearchPart part, RunPlan plan)
    {
        part.Store.Write(plan with { DataFingerprint = part.Context.Images.Fingerprint });
        RunOptions options = RunOpening.OptionsOf(part.Context, part.Store);
        RunConfigFile.Write(
            part.Store.Directory.Config,
            options with
            {
                Target = options.Target with { LatencyMs = part.Goal.LatencyMs },
            }
        );
    }

    /// <summary>Returns the result of the job, and writes it if there are several limits.</summary>
    /// <param name="results">The results of the parts.</param>
    /// <exception cref="ProxylessException">All parts have failed.</exception>
    public LimitResults<T> ResultsOf<T>(IReadOnlyList<PartResult<T>> results)
        where T : class
    {
        LimitFailure[] failures =
        [
            .. FailedOf(results)
                .Select(limit => new LimitFailure(limit.Limit.Target, limit.Limit.LatencyMs, limit.Failure.Message)),
        ];
        if (_folders.Count > 0)
        {
            FrontStage.Write(_store, Parts, failures);
        }

        return new LimitResults<T>
        {
            Run = _store.Directory.Root,
            Networks = [.. results.Select(result => result.Value).OfType<T>()],
            Failures = failures,
        };
    }

    /// <summary>Returns if at least one part has not failed.</summary>
    /// <param name="results">The results of the parts so far.</param>
    /// <exception cref="ProxylessException">All parts have failed.</exception>
    public void RequireOne<T>(IReadOnlyList<PartResult<T>> results)
        where T : class => FailedOf(results);

    /// <summary>The limits that have failed, if not all have.</summary>
    private (RunPart Limit, ProxylessException Failure)[] FailedOf<T>(IReadOnlyList<PartResult<T>> results)
        where T : class
    {
        ProxylessException? FailureOf(SearchPart part) =>
            results.First(result => ReferenceEquals(result.Part, part)).Failure;
        (RunPart Limit, ProxylessException Failure)[] failed =
        [
            .. _limits
                .Select(limit => (limit.Limit, Failure: limit.Failure ?? FailureOf(limit.Part!)))
                .Where(limit => limit.Failure is not null)
                .Select(limit => (limit.Limit, limit.Failure!)),
        ];
        return failed.Length < _limits.Count ? failed : throw OneOf([.. failed.Select(limit => limit.Failure)]);
    }

    /// <summary>The failures of all limits in one: of their common type, otherwise bad input.</summary>
    internal static ProxylessException OneOf(IReadOnlyList<ProxylessException> failures)
    {
        if (failures is [var alone])
        {
            // As it was thrown, with its stack trace.
            ExceptionDispatchInfo.Throw(alone);
        }

        string message = string.Join('\n', failures.Select(failure => failure.Message));
        return failures.All(failure => failure is TargetUnavailableException)
                ? new TargetUnavailableException(message, failures[0])
            : failures.All(failure => failure is LimitNotMetException) ? new LimitNotMetException(message, failures[0])
            : new InvalidInputException(message, failures[0]);
    }
}
