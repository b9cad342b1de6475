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
        string warning = WarningOf(name);
        Assert.Contains($"the weights of '{name}' cannot be kept", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("older weights", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Older_weights_that_stay_in_the_cache_are_told()
    {
        // A folder in the place of a file cannot be deleted as one.
        using var folder = new TemporaryFolder();
        string name = Path.Combine(folder.Root, "network");
        Directory.CreateDirectory(PretrainedWeights.CachedModel(name));
        string older = PretrainedWeights.CachedFile(name);
        File.WriteAllBytes(older, []);
        Assert.EndsWith($"use the older weights in '{older}'", WarningOf(name), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_weights_in_the_place_of_what_was_kept_are_told()
    {
        Libtorch.Load();
        using var folder = new TemporaryFolder();
        string name = Path.Combine(folder.Root, "network");
        IReadOnlyList<string> Replace(int seed)
        {
            using var network = new CompactNetwork(SmallSpace.Network(0, 3, 3), new NetworkOptions { Seed = seed });
            var observer = new RecordingObserver();
            PretrainedWeights.TryReplace(name, network, "mine.pth", observer);
            return observer.Messages;
        }

        Assert.Empty(Replace(seed: 1));
        Assert.Empty(Replace(seed: 1));
        string message = Assert.Single(Replace(seed: 2));
        Assert.Contains("now stands for the weights in 'mine.pth'", message, StringComparison.Ordinal);
    }

    private static string WarningOf(string name)
    {
        Libtorch.Load();
        using var network = new CompactNetwork(SmallSpace.Network(0, 3, 3), new NetworkOptions());
        var observer = new RecordingObserver();
        PretrainedWeights.TryKeep(name, network, observer);
        return Assert.Single(observer.Warnings);
    }
}
