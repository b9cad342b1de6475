using System.Globalization;
using Proxyless.Files;
using Proxyless.Latency;

namespace Proxyless.Runs;

/// <summary>One of several limits of a run, for one of its targets.</summary>
/// <param name="Target">The target's name or file.</param>
/// <param name="LatencyMs">The limit in milliseconds; null: the default.</param>
/// <param name="Folder">The name of its folder within the run's.</param>
internal sealed record RunPart(string Target, double? LatencyMs, string Folder);

/// <summary>
/// The limits of a run with several limits or targets: each has a network, in a run of its own in a subfolder of the
/// run.
/// </summary>
internal static class RunParts
{
    /// <summary>Whether there are several.</summary>
    public static bool AreSeveral(RunOptions options) => options.Target.AlsoFor is not null;

    /// <summary>Whether all of them are of one target.</summary>
    public static bool AreOfOneTarget(RunOptions options) =>
        TargetLimit
            .ParseAll(options.Target.AlsoFor)
            .All(other => RunPaths.IsSameTarget(other.Target, options.Target.Name));

    /// <summary>
    /// All limits, <see cref="TargetOptions.LatencyMs"/> first; if it is the only one, its network is in the run's own
    /// folder.
    /// </summary>
    /// <exception cref="InvalidInputException">A limit is given twice, or two would share a folder.</exception>
    public static IReadOnlyList<RunPart> Of(RunOptions options)
    {
        if (!AreSeveral(options))
        {
            return [new RunPart(options.Target.Name, options.Target.LatencyMs, "")];
        }

        (string Target, double? LatencyMs)[] limits =
        [
            (options.Target.Name, options.Target.LatencyMs),
            .. TargetLimit
                .ParseAll(options.Target.AlsoFor)
                .Select(other =>
                    (
                        RunPaths.IsSameTarget(other.Target, options.Target.Name) ? options.Target.Name : other.Target,
                        (double?)other.LatencyMs
                    )
                ),
        ];
        ILookup<string, double?> byTarget = limits.ToLookup(limit => limit.Target, limit => limit.LatencyMs);
        foreach (IGrouping<string, double?> target in byTarget)
        {
            if (target.Distinct().Count() < target.Count() || (target.Count() > 1 && target.Contains(null)))
            {
                throw new InvalidInputException(
                    $"target '{target.Key}' has one limit twice, or a second one beside none: TargetOptions.LatencyMs "
                        + $"= {string.Join(',', target.Select(limit => limit is { } some ? Text(some) : "none"))}; "
                        + "give different ones"
                );
            }
        }

        RunPart[] parts =
        [
            .. limits.Select(limit => new RunPart(
                limit.Target,
                limit.LatencyMs,
                FolderName.Of(
                    byTarget.Count == 1 ? $"{Text(limit.LatencyMs!.Value)}ms"
                        : byTarget[limit.Target].Count() == 1 ? NameOf(limit.Target)
                        : $"{NameOf(limit.Target)}-{Text(limit.LatencyMs!.Value)}ms",
                    FolderName.LongestBytes
                )
            )),
        ];
        return parts.GroupBy(part => part.Folder).FirstOrDefault(group => group.Count() > 1) is { } shared
            ? throw new InvalidInputException(
                $"two of the targets would share the folder '{shared.Key}'; rename one of them (TargetFile.Add)"
            )
            : parts;
    }

    /// <summary>The folders of a run with several limits; none if it has one network, in its own folder.</summary>
    /// <param name="options">The run's options.</param>
    /// <param name="root">The run's folder.</param>
    public static IReadOnlyList<RunDirectory> FoldersOf(RunOptions options, string root) =>
        AreSeveral(options) ? [.. Of(options).Select(part => new RunDirectory(Path.Combine(root, part.Folder)))] : [];

    /// <summary>Rejects a run that holds the runs of several limits, where one network is required.</summary>
    /// <exception cref="InvalidInputException">It does; the message names their folders.</exception>
    public static void RequireOne(RunDirectory run)
    {
        IReadOnlyList<RunDirectory> folders = FoldersOf(run.ReadConfig(), run.Root);
        if (folders.Count == 0)
        {
            return;
        }

        RunDirectory[] finished = [.. folders.Where(folder => File.Exists(folder.Architecture))];
        throw new InvalidInputException(
            finished.Length == 0
                ? $"'{run.Root}' is a run for several limits or targets, and none of them has a network yet; go on "
                    + $"with RunOptions.Out = '{run.Root}', RunOptions.Resume"
                : $"'{run.Root}' holds a network for each of several limits or targets; name one of them: "
                    + string.Join(", ", finished.Select(folder => folder.Root))
        );
    }

    private static string NameOf(string target) =>
        Path.GetFileNameWithoutExtension(IntegerModels.Without(target)) + (IntegerModels.Is(target) ? "-int8" : "");

    private static string Text(double limit) => limit.ToString("R", CultureInfo.InvariantCulture);
}
