using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class PartTimesTests
{
    [Fact]
    public void Nodes_count_with_the_part_that_their_names_tell_and_nameless_ones_with_the_part_before()
    {
        Architecture network = SmallSpace.Network(0, 1, 1);
        NodeTime[] run =
        [
            new("normalized", 5),
            new("stem.activation_nchwc", 10),
            new("block0.depthwise.activation", 20),
            new("block0.project.convolution", 30),
            new("block1.expand.activation", 40),
            new("block2.expand.activation", 50),
            new("ReorderOutput", 3),
            new("block2.sum", 7),
            new("block3.expand.activation", 70),
            new("head.activation", 80),
            new("classifier.pooled", 1),
            new("logits", 90),
        ];

        ILookup<string, double> times = PartTimes.Of(network, [run]);

        Assert.Equal([0.015], times[network.Stem.Key], Close);
        Assert.Equal([0.050], times[network.Blocks[0].Key], Close);
        Assert.Equal([0.040], times[network.Blocks[1].Key], Close);
        Assert.Equal([0.060, 0.070], times[network.Blocks[2].Key].Order(), Close);
        Assert.Equal([0.080], times[network.Head.ConvolutionKey], Close);
        Assert.Equal([0.091], times[network.Head.ClassifierKey], Close);
    }

    [Fact]
    public void A_part_takes_the_middle_of_its_runs()
    {
        Architecture network = SmallSpace.Network(0, 3, 3);
        IReadOnlyList<NodeTime>[] runs =
        [
            .. new double[] { 10, 500, 12 }.Select(time => new NodeTime[] { new("stem.activation", time) }),
        ];
        Assert.Equal([0.012], PartTimes.Of(network, runs)[network.Stem.Key], Close);
    }

    [Fact]
    public void Times_of_networks_that_ran_at_different_speeds_are_brought_to_one()
    {
        // Three networks of stem and one block each, the second at half speed.
        ILookup<string, double>[] networks =
        [
            Times(("stem", 10), ("head", 20), ("a", 5), ("a", 6)),
            Times(("stem", 20), ("head", 40), ("b", 16)),
            Times(("stem", 10), ("head", 20), ("c", 7)),
        ];
        ILookup<string, double> times = PartTimes.AtOneSpeed(networks, ["stem", "head"]);
        Assert.Equal([10, 10, 10], times["stem"], Close);
        Assert.Equal([5, 6], times["a"], Close);
        Assert.Equal([8], times["b"], Close);
        Assert.Equal([7], times["c"], Close);
    }

    private static ILookup<string, double> Times(params (string Part, double Milliseconds)[] times) =>
        times.ToLookup(time => time.Part, time => time.Milliseconds);

    private static bool Close(double first, double second) => Math.Abs(first - second) < 1e-9;
}
