using System.Globalization;
using System.Text;
using Proxyless.Architectures;

namespace Proxyless.Tests.Latency;

/// <summary>
/// A machine whose latencies are the same wherever and whenever a test runs: each part takes some time to begin and a
/// nanosecond for ten multiply-adds. The machine that runs the tests is measured by the few that are about measuring.
/// </summary>
internal static class FixedTable
{
    /// <summary>Writes the table and a target of it.</summary>
    /// <param name="folder">Where both are written.</param>
    /// <param name="space">The space whose parts are in the table.</param>
    /// <param name="classes">Classes of the images.</param>
    /// <param name="others">Networks whose parts are in it too.</param>
    /// <returns>The target's file.</returns>
    public static string Write(
        string folder,
        SearchSpace space,
        int classes,
        params IEnumerable<Architecture> others
    ) => Write(folder, [space], classes, others);

    /// <summary>The same for several spaces.</summary>
    /// <param name="folder">Where both are written.</param>
    /// <param name="spaces">The spaces whose parts are in the table.</param>
    /// <param name="classes">Classes of the images.</param>
    /// <param name="others">Networks whose parts are in it too.</param>
    /// <returns>The target's file.</returns>
    public static string Write(
        string folder,
        IEnumerable<SearchSpace> spaces,
        int classes,
        params IEnumerable<Architecture> others
    )
    {
        var times = new Dictionary<string, double>();
        foreach (SearchSpace space in spaces)
        {
            Add(times, space.Stem, space.Blocks().SelectMany(block => block.Candidates), space.Head(classes));
            if (space.FirstBlock is { } first)
            {
                times[first.Key] = Milliseconds(ArchitectureCost.Of(first).MultiplyAdds);
            }
        }

        foreach (Architecture other in others)
        {
            Add(times, other.Stem, other.Blocks, other.Head);
        }

        var csv = new StringBuilder("part,milliseconds\n");
        foreach ((string part, double time) in times)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{part},{time:R}\n");
        }

        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "fixed.csv"), csv.ToString());
        string target = Path.Combine(folder, "fixed.yaml");
        File.WriteAllText(target, "kind: table\nfile: fixed.csv\n");
        return target;
    }

    private static void Add(Dictionary<string, double> times, Stem stem, IEnumerable<Block> blocks, Head head)
    {
        times[stem.Key] = Milliseconds(ArchitectureCost.Of(stem).MultiplyAdds);
        foreach (Block block in blocks.Where(block => !block.IsPassThrough))
        {
            times[block.Key] = Milliseconds(ArchitectureCost.Of(block).MultiplyAdds);
        }

        long classifier = (long)head.Width * head.Classes;
        times[head.ConvolutionKey] = Milliseconds(ArchitectureCost.Of(head).MultiplyAdds - classifier);
        times[head.ClassifierKey] = Milliseconds(classifier);
    }

    private static double Milliseconds(long multiplyAdds) => 0.01 + (multiplyAdds / 1e7);
}
