using System.Globalization;
using Proxyless.Latency;
using Proxyless.Spaces;

namespace Proxyless.Tests.Reliability;

/// <summary>A target whose latencies are the same on every machine and at every load: a table.</summary>
internal static class SteadyTarget
{
    /// <summary>Writes the table of a space and its target.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="space">A space by name.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="resolution">Side of the images; null: the space's own.</param>
    /// <returns>The target's file.</returns>
    public static string Write(string folder, string space, int classes, int? resolution = null)
    {
        SearchSpace known = SearchSpaceFile.Open(space);
        IEnumerable<string> lines = SpaceParts.Keys(known.WithInput(resolution ?? known.Resolution, 3), classes)
            .Select(key => string.Create(CultureInfo.InvariantCulture, $"{key},{0.01 + (0.001 * (Hash(key) % 50)):R}"));
        File.WriteAllText(Path.Combine(folder, "steady.csv"), "part,milliseconds\n" + string.Join('\n', lines) + "\n");
        string file = Path.Combine(folder, "steady.yaml");
        File.WriteAllText(file, "kind: table\nfile: steady.csv\n");
        return file;
    }

    private static uint Hash(string text) => text.Aggregate(17u, (sum, letter) => unchecked((sum * 31) + letter));
}
