using Proxyless.Files;
using Proxyless.Latency;

namespace Proxyless.Runs;

/// <summary>One search for several machines, each of which gets a run of its own.</summary>
internal static class SeveralTargetsJob
{
    /// <summary>Searches.</summary>
    /// <param name="options">What is asked for, or the run to go on with.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <returns>A result for each target.</returns>
    public static IReadOnlyList<SearchResult> Run(
        RunOptions options,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        using RunLock held = RunOpening.Claim(ref options, observer, out RunStore store);
        RunContext context = RunOpening.OpenImages(
            options,
            options.Resume ? store : null,
            clock,
            observer,
            cancellationToken
        );

        // Each part is a run of its own as well, in which another job may train.
        using var locks = new RunLocks();
        using var targets = new OpenTargets();
        List<SearchPart> parts = PartsOf(context, store.Directory, locks, targets);

        // What an old search found for a target is not to be taken for what this one finds.
        RunOpening.Begin(context, store, parts[0].Goal, () => parts.ForEach(part => part.Store.Directory.Empty()));
        parts.ForEach(Begin);
        return RunOpening.Resumable(store.Directory, () => SearchJob.Search(store, parts), cancellationToken);
    }

    /// <summary>Whether options, or those of the run that they go on with, are for several targets.</summary>
    /// <exception cref="InvalidInputException">There is no run to go on with, or its images are gone.</exception>
    public static bool AreFor(RunOptions options)
    {
        if (options.Resume)
        {
            RunDirectory.Choose(options.Out, options.Resume, options.Overwrite);
            options = RunOpening.Resumed(options, new RunDirectory(options.Out!));
        }

        return TargetLimit.ParseAll(options.AlsoFor).Count > 0;
    }

    private static List<SearchPart> PartsOf(
        RunContext context,
        RunDirectory directory,
        RunLocks locks,
        OpenTargets targets
    )
    {
        List<SearchPart> parts = [];
        IReadOnlyList<TargetLimit> others = TargetLimit.ParseAll(context.Options.AlsoFor);
        foreach (RunContext one in others.Select(context.For).Prepend(context.For(null)))
        {
            var folder = new RunDirectory(Path.Combine(directory.Root, TargetLimit.FolderOf(one.Options.Target)));
            if (parts.Exists(part => part.Store.Directory.Root == folder.Root))
            {
                throw new InvalidInputException(
                    $"two of the targets would share the folder '{folder.Root}'; name one of them otherwise "
                        + $"(TargetFile.Add)"
                );
            }

            locks.Acquire(folder.Root);
            ITarget target = targets.Open(one.Options.Target);
            var goal = SearchGoal.Find(one, target, context.Options.Resume ? folder : null);
            parts.Add(new SearchPart(one, new RunStore(folder), goal));
        }

        return parts;
    }

    private static void Begin(SearchPart part)
    {
        // Its configuration comes when the search is finished: only then is it a run.
        RunDirectory directory = part.Store.Directory;
        LatencyTableFile.Write(directory.Latency, part.Goal.Table);
        IReadOnlyList<string> warnings = part.Context.Observer.Warnings;
        JsonLines.Write(directory.Warnings, JsonLines.Read<string>(directory.Warnings).Union(warnings));
    }
}
