using Proxyless.FineTuning;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Latency;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.FineTuning;

/// <summary>
/// A small network with statistics of its batch norms, mb3e1, mb3e6 with a stride, mb5e6 and mb3e6 with shortcuts, and
/// images for it.
/// </summary>
internal sealed class SmallNetwork : IDisposable
{
    private const int Count = 24;

    public SmallNetwork()
    {
        Libtorch.Load();
        Network = new CompactNetwork(SmallSpace.Network(1, 2, 1), new NetworkOptions { Seed = 4 });
        var random = new Random(9);
        int side = Network.Architecture.Resolution;
        using Tensor plain = tensor(
            [.. Enumerable.Range(0, Count * 3 * side * side).Select(_ => (random.NextSingle() * 4) - 2)],
            [Count, 3, side, side]
        );
        Images = MemoryLayout.ChannelsLast(plain);
        using var withoutGraph = no_grad();
        for (int n = 1; n <= 2; n++)
        {
            Network.Forward(Images, NormPass.Reestimation(1, n)).Dispose();
        }
    }

    public CompactNetwork Network { get; }

    /// <summary>[N, C, H, W].</summary>
    public Tensor Images { get; }

    public SpannedNetwork Span() => new(Network, [Images], [Images], _ => { }, TestContext.Current.CancellationToken);

    /// <summary>A network's features of the images, [image][channel].</summary>
    public double[][] Features(CompactNetwork network)
    {
        var features = new NetworkFeatures(network, 1);
        using var withoutGraph = no_grad();
        features.Add(Images, new long[Count], [.. Enumerable.Range(0, Count)]);
        return [.. features.At(network.Blocks.Count + 1).Select(row => row.Select(value => (double)value).ToArray())];
    }

    /// <summary>The sum of the squared differences of a network's features from this network's.</summary>
    public double Difference(CompactNetwork network) =>
        Features(network)
            .Zip(Features(Network), (own, other) => own.Zip(other, (l, r) => (l - r) * (l - r)).Sum())
            .Sum();

    /// <summary>The sum of the squared differences of this network's features from their means.</summary>
    public double Variance()
    {
        double[][] features = Features(Network);
        return Enumerable
            .Range(0, features[0].Length)
            .Sum(c =>
            {
                double mean = features.Average(row => row[c]);
                return features.Sum(row => (row[c] - mean) * (row[c] - mean));
            });
    }

    public void Dispose()
    {
        Network.Dispose();
        Images.Dispose();
    }
}
