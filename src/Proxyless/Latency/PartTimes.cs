using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>Sorts the node times of a network's runs by the part of the network that each node belongs to.</summary>
internal static class PartTimes
{
    /// <summary>Each part's time in milliseconds; several values if a network holds a part several times.</summary>
    /// <param name="architecture">The network that was exported and run.</param>
    /// <param name="runs">For each run, its nodes in the order of their execution.</param>
    public static ILookup<string, double> Of(Architecture architecture, IReadOnlyList<IReadOnlyList<NodeTime>> runs)
    {
        var samples = new Dictionary<Part, List<double>>();
        foreach (IReadOnlyList<NodeTime> run in runs)
        {
            foreach ((Part part, double microseconds) in Sums(architecture, run))
            {
                if (!samples.TryGetValue(part, out List<double>? times))
                {
                    samples[part] = times = [];
                }

                times.Add(microseconds / 1000);
            }
        }

        // Not the median: node times are whole microseconds, and parts of small images take only a few of them.
        return samples.ToLookup(entry => entry.Key.Key, entry => SampleStatistics.InterquartileMean(entry.Value));
    }

    /// <summary>
    /// Normalizes times from different networks to one speed. A network is timed within a fraction of a second, and the
    /// speed of a machine that is shared, or that saves power, may differ in the next. The parts that all networks
    /// share show the difference.
    /// </summary>
    /// <param name="networks">The parts' times in milliseconds of each network.</param>
    /// <param name="common">Parts that every network holds.</param>
    /// <returns>The times of all networks by part, as if the common parts had taken their median time.</returns>
    public static ILookup<string, double> AtOneSpeed(
        IReadOnlyList<ILookup<string, double>> networks,
        IReadOnlyCollection<string> common
    )
    {
        double[] commonTimes = [.. networks.Select(parts => common.Sum(key => parts[key].First()))];
        double usual = SampleStatistics.Median(commonTimes);

        // Parts so small that their recorded times are 0 tell nothing about the speed.
        double Factor(double common) => common > 0 && usual > 0 ? usual / common : 1;
        return networks
            .Zip(commonTimes)
            .SelectMany(network =>
                network.First.SelectMany(part =>
                    part.Select(milliseconds => (part.Key, Milliseconds: milliseconds * Factor(network.Second)))
                )
            )
            .ToLookup(part => part.Key, part => part.Milliseconds);
    }

    private static Dictionary<Part, double> Sums(Architecture architecture, IReadOnlyList<NodeTime> run)
    {
        var sums = new Dictionary<Part, double>();
        var current = new Part(0, architecture.Stem.Key);
        foreach (NodeTime node in run)
        {
            // Nodes that ONNX Runtime inserts, which convert one memory layout to another, have their own names and
            // count with the part before them. Those before the stem are the normalization, which counts with it.
            current = PartOf(architecture, node.Name) ?? current;
            sums[current] = sums.GetValueOrDefault(current) + node.Microseconds;
        }

        return sums;
    }

    private static Part? PartOf(Architecture architecture, string node)
    {
        if (NetworkExporter.BlockOf(node) is { } block)
        {
            return new Part(1 + block, architecture.Blocks[block].Key);
        }

        int last = architecture.Blocks.Count + 1;
        return node.StartsWith(NetworkExporter.HeadPrefix, StringComparison.Ordinal)
                ? new Part(last, architecture.Head.ConvolutionKey)
            : node.StartsWith(NetworkExporter.ClassifierPrefix, StringComparison.Ordinal)
                ? new Part(last + 1, architecture.Head.ClassifierKey)
            : null;
    }

    /// <summary>A place in a network and the key of the part there.</summary>
    private readonly record struct Part(int Place, string Key);
}
