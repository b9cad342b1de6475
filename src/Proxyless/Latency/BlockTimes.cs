using Proxyless.Architectures;

namespace Proxyless.Latency;

/// <summary>The time of each part of one network, measured within it.</summary>
internal static class BlockTimes
{
    /// <summary>
    /// The keys of a network's parts in the order of execution: stem, blocks, last convolution, classifier.
    /// </summary>
    public static IReadOnlyList<string> Keys(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return
        [
            architecture.Stem.Key,
            .. architecture.Blocks.Select(block => block.Key),
            architecture.Head.ConvolutionKey,
            architecture.Head.ClassifierKey,
        ];
    }

    /// <summary>Measures the parts, some hundred milliseconds long.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="target">This machine's processor.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <returns>
    /// Milliseconds in the order of <see cref="Keys"/>; 0 for a block that computes nothing.
    /// </returns>
    public static IReadOnlyList<double> Measure(
        Architecture architecture,
        LocalTarget target,
        CancellationToken cancellationToken
    )
    {
        ILookup<string, double> parts = LatencyProfiler.TimeParts(
            architecture,
            target,
            ProfilePlan.Of(ProfileMode.Quick),
            cancellationToken
        );

        // A part that occurs several times has its times in the order of execution.
        var taken = new Dictionary<string, int>();
        var times = new List<double>();
        foreach (string key in Keys(architecture))
        {
            int before = taken.GetValueOrDefault(key);
            taken[key] = before + 1;
            times.Add(parts[key].ElementAtOrDefault(before));
        }

        return times;
    }
}
