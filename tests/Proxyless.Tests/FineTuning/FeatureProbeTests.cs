using Proxyless.Data;
using Proxyless.FineTuning;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.FineTuning;

[Collection(nameof(WholeRuns))]
public sealed class FeatureProbeTests : IDisposable
{
    private const int ImagesOfAClass = 30;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Of two equally frequent classes, the loss of knowing nothing is ln 2.</summary>
    [Theory]
    [InlineData(true, 0, 0.3)]
    [InlineData(false, 0.55, 5)]
    public void The_loss_is_low_where_features_tell_the_classes_apart(bool differ, double least, double most)
    {
        for (int i = 0; i < ImagesOfAClass; i++)
        {
            // Single pixels of noise, or four of one color.
            int side = differ ? 4 : 16;
            _folder.Add(Path.Combine("images", "one", $"{i}.png"), TestPictures.Noise(i, 16, 16));
            _folder.Add(Path.Combine("images", "two", $"{i}.png"), TestPictures.Noise(1000 + i, side, side));
        }

        RunContext context = Open();
        using var network = new CompactNetwork(
            SmallSpace.Network(1, 2, 1).WithInput(16, 3, 2),
            new NetworkOptions { Seed = 1 }
        );
        int loaded = 0;
        using BatchLoader loader = context.Loaders.Evaluation(context.Images.AllTraining);
        using var probe = new FeatureProbe(
            loader,
            classes: 2,
            classWeights: null,
            context.Images.AllTraining.Content,
            seed: 3,
            count => loaded += count,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(context.Images.AllTraining.Count, loaded);
        foreach (int depth in (int[])[network.Blocks.Count, network.Blocks.Count + 1])
        {
            double loss = probe.LossOf(network, depth, TestContext.Current.CancellationToken);
            Assert.InRange(loss, least, most);
            Assert.Equal(loss, probe.LossOf(network, depth, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public void Copies_of_one_image_are_too_few_to_choose_on()
    {
        for (int i = 0; i < 8; i++)
        {
            _folder.Add(Path.Combine("images", "one", $"{i}.png"), TestPictures.Noise(i, 16, 16));
            _folder.Add(Path.Combine("images", "two", $"{i}.png"), TestPictures.Noise(1000 + i, 16, 16));
        }

        RunContext context = Open();
        ImageSet all = context.Images.AllTraining;
        ImageSet alike = all.Subset(Enumerable.Range(0, all.Count).Where(i => all.Label(i) == 0));
        using var network = new CompactNetwork(
            SmallSpace.Network(1, 2, 1).WithInput(16, 3, 2),
            new NetworkOptions { Seed = 1 }
        );
        using BatchLoader loader = context.Loaders.Evaluation(alike);
        using var probe = new FeatureProbe(
            loader,
            classes: 2,
            classWeights: null,
            content: _ => 0,
            seed: 3,
            _ => { },
            TestContext.Current.CancellationToken
        );
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            probe.LossOf(network, network.Blocks.Count, TestContext.Current.CancellationToken)
        );
        Assert.StartsWith($"1 of {alike.Count} images", refused.Message, StringComparison.Ordinal);
    }

    private RunContext Open() =>
        RunContext.Open(
            new RunOptions
            {
                Data = new() { Path = Path.Combine(_folder.Root, "images"), Resolution = 16 },
                Search = new() { Space = "tiny" },
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
}
