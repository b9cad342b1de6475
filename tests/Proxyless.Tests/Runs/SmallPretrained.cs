using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Pretrained;

namespace Proxyless.Tests.Runs;

/// <summary>
/// A small network with random weights in a file of its own, and a machine whose latencies are fixed for every network
/// that can be made of it for two classes.
/// </summary>
internal sealed class SmallPretrained
{
    /// <summary>Half of the side of its images in pixels.</summary>
    public const int HalfSide = 16;

    /// <summary>Writes the files.</summary>
    public SmallPretrained(TemporaryFolder folder)
    {
        Whole = SmallSpace.Network(1, 2, 1).WithInput(2 * HalfSide, 3, 5) with { Name = "small" };
        Network = Path.Combine(folder.Root, "small.json");
        Weights = Path.Combine(folder.Root, "small.safetensors");
        ArchitectureFile.Write(Network, Whole);
        WeightsOfOthers.Write(Weights, Whole, []);

        // Every place that a classifier may stand behind has a head of its own.
        IEnumerable<SearchSpace> spaces = ((int[])[2 * HalfSide, HalfSide]).SelectMany(side =>
            Enumerable
                .Range(1, Whole.Blocks.Count)
                .Select(blocks => At(side).FirstBlocks(blocks))
                .Append(At(side))
                .Select(SpannedSpace.Of)
        );
        Target = FixedTable.Write(Path.Combine(folder.Root, "small-target"), spaces, classes: 2);
    }

    /// <summary>The network.</summary>
    public Architecture Whole { get; }

    /// <summary>Its file.</summary>
    public string Network { get; }

    /// <summary>The file of its weights.</summary>
    public string Weights { get; }

    /// <summary>The target.</summary>
    public string Target { get; }

    /// <summary>A limit that the whole network does not meet at any resolution, in milliseconds.</summary>
    public double NarrowLimit => 0.7 * LatencyOf(At(HalfSide));

    /// <summary>The network for two classes and images of a side.</summary>
    public Architecture At(int side) => Whole.WithInput(side, 3, 2);

    /// <summary>The latency of a network on the target, in milliseconds.</summary>
    public double LatencyOf(Architecture architecture)
    {
        using ITarget target = TargetFile.Open(Target);
        return ((TableTarget)target).Predict(architecture, NullRunObserver.Instance);
    }

    /// <summary>Adds more images than are divided several times, of two classes that their sides tell apart.</summary>
    /// <returns>Their folder.</returns>
    public static string AddMany(TemporaryFolder folder)
    {
        for (int i = 0; i < 300; i++)
        {
            folder.Add(Path.Combine("many", "small", $"{i}.png"), TestPictures.Noise(i, 16, 16));
            folder.Add(Path.Combine("many", "large", $"{i}.png"), TestPictures.Noise(i, 32, 32));
        }

        return Path.Combine(folder.Root, "many");
    }
}
