using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Pretrained;

namespace Proxyless.Runs;

/// <summary>
/// The options of a run that are paths. They are stored as full paths, so that a run can be continued from any working
/// folder, and compared by the places that they lead to. Names (<c>sample</c>, a space's preset, <c>cpu</c>, a kept
/// target) are not paths and stay unchanged.
/// </summary>
internal static class RunPaths
{
    /// <summary>Returns the options with full paths.</summary>
    /// <param name="options">Options whose relative paths start from the working folder.</param>
    internal static RunOptions Whole(RunOptions options) => Map(options, WholePath);

    /// <summary>Whether two sets of options are equal, however their paths are spelled.</summary>
    public static bool SaySame(RunOptions left, RunOptions right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return Map(left, RealPath.Of) == Map(right, RealPath.Of);
    }

    /// <summary>Returns a target with its full path if it is a file.</summary>
    internal static string WholeTarget(string target) => MapTarget(target, WholePath);

    /// <summary>Whether two texts name the same target.</summary>
    public static bool IsSameTarget(string left, string right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return left == right || MapTarget(left, RealPath.Of) == MapTarget(right, RealPath.Of);
    }

    /// <summary>Whether the images are in a folder, and not the built-in ones.</summary>
    public static bool IsFolder(string data) => data != SampleImages.Name;

    /// <summary>Rejects images that are not where the run expects them.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="run">The run's folder.</param>
    /// <param name="remedy">How to give the new one.</param>
    /// <exception cref="InvalidInputException">There is no such folder; the message ends with the remedy.</exception>
    internal static void RequireImages(
        RunOptions options,
        string run,
        string remedy = "give their present folder with DataOptions.Path = DIR"
    )
    {
        if (IsFolder(options.Data.Path) && !Directory.Exists(options.Data.Path))
        {
            string from = Path.IsPathFullyQualified(options.Data.Path) ? "" : $" in {Environment.CurrentDirectory}";
            throw new InvalidInputException(
                $"the images of the run in '{run}' are not in '{options.Data.Path}': there is no such folder{from}; "
                    + remedy
            );
        }
    }

    private static string WholePath(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    private static RunOptions Map(RunOptions options, Func<string, string> map) =>
        options with
        {
            Data = options.Data with
            {
                Path =
                    IsFolder(options.Data.Path) && options.Data.Path.Length > 0
                        ? map(options.Data.Path)
                        : options.Data.Path,
            },
            Search = options.Search with
            {
                Space =
                    options.Search.Space is { } space && !SearchSpacePresets.Names.Contains(space) && File.Exists(space)
                        ? map(space)
                        : options.Search.Space,
            },
            Target = options.Target with
            {
                Name = MapTarget(options.Target.Name, map),
                AlsoFor = MapOthers(options.Target.AlsoFor, map),
            },
            Training = options.Training with
            {
                Weights =
                    options.Training.Weights is { } weights
                    && !PretrainedWeights.IsName(weights)
                    && File.Exists(weights)
                        ? map(weights)
                        : options.Training.Weights,
            },
            Out = string.IsNullOrEmpty(options.Out) ? options.Out : map(options.Out),
        };

    private static string MapTarget(string target, Func<string, string> map) =>
        IntegerModels.Is(target) ? MapTarget(IntegerModels.Without(target), map) + IntegerModels.Suffix
        : !LocalTarget.IsName(target) && File.Exists(target) ? map(target)
        : target;

    private static string? MapOthers(string? alsoFor, Func<string, string> map)
    {
        TargetLimit[] others =
        [
            .. TargetLimit.ParseAll(alsoFor).Select(other => other with { Target = MapTarget(other.Target, map) }),
        ];

        // A comma would split the text at the wrong place.
        return others.Any(other => other.Target.Contains(',', StringComparison.Ordinal))
            ? alsoFor
            : TargetLimit.Join(others);
    }
}
