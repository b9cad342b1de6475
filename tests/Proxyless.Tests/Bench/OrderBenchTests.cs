using Proxyless.Architectures;
using Proxyless.Bench;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Bench;

public sealed class OrderBenchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_target_orders_networks_as_it_does_itself()
    {
        string file = _folder.Add("size.yaml", SizeTarget.File);
        using ITarget one = TargetFile.Open(file);
        using ITarget same = TargetFile.Open(file);
        OrderBenchResult result = OrderBench.Measure(
            SearchSpaceFile.Open("tiny"),
            10,
            one,
            same,
            measured: 3,
            ProfileMode.Quick,
            new RunObserver(),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(1, result.TauOfRandom, 1e-9);
        Assert.Equal(1, result.TauOfSpread, 1e-9);
        Assert.All(result.Ranks, rank => Assert.Equal(1, rank.Both));
        Assert.All(result.Measured, network => Assert.Equal(network.FirstMs, network.SecondMs));
        Assert.Equal(3, result.Measured.Count);
        Assert.Equal(1, result.TauOfMeasured);
    }

    [Fact]
    public void Networks_within_both_limits_are_counted()
    {
        SharedRank rank = OrderBench.Shared(0.5, [1, 2, 3, 4], [10, 40, 20, 30]);
        Assert.Equal(new SharedRank(0.5, 2, 20, 0.5), rank);
    }
}
