using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Pretrained;

public sealed class KeptWeightsTests
{
    [Fact]
    public void A_network_is_used_although_the_cache_cannot_be_written()
    {
        // A full path stays as it is within the cache; nothing can be made below a file.
        using var folder = new TemporaryFolder();
        string name = Path.Combine(folder.Add("file", []), "network");
        Libtorch.Load();
        using var network = new CompactNetwork(SmallSpace.Network(0, 3, 3), new NetworkOptions());
        var observer = new RecordingObserver();
        PretrainedWeights.TryKeep(name, network, observer);
        Assert.Contains(
            $"the weights of '{name}' cannot be kept",
            Assert.Single(observer.Warnings),
            StringComparison.Ordinal
        );
    }
}
