using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

public sealed class ArchitectureSearchTests : IDisposable
{
    private static readonly SpaceCost Cost = SpaceCost.MultiplyAdds(TinyNetworks.Space, TinyNetworks.Classes);
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Log => Path.Combine(_folder.Root, "search.jsonl");

    private string Checkpoint => Path.Combine(_folder.Root, "search.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_architecture_step_that_diverges_ends_the_search_and_leaves_the_checkpoint_before()
    {
        // After so many steps, one of the first two candidates is on neither path of the next; odds have hardly moved.
        (int before, int broken) = Enumerable
            .Range(3, 30)
            .SelectMany(step => Enumerable.Range(0, 2).Select(candidate => (Step: step, Candidate: candidate)))
            .First(one =>
                FirstOf(RandomUse.WeightPaths, one.Step) != one.Candidate
                && FirstOf(RandomUse.ArchitecturePaths, one.Step) != one.Candidate
            );
        for (int i = 0; i < 30; i++)
        {
            _folder.Add($"images/{(i % 2 == 0 ? "cat" : "dog")}/{i}.png", TestPictures.Noise(i, 8, 8));
        }

        var options = new DatasetOptions { Location = Path.Combine(_folder.Root, "images") };
        ImageSet images = ImageDataset.Open(options, NullRunObserver.Instance, Token).Weights;
        Transforms transforms = Transforms.ForEvaluation(TinyNetworks.Space.Resolution, true);
        using var weights = new BatchLoader(images, transforms, 4, 1, shuffle: true, dropLast: true, 1);
        using var held = new BatchLoader(images, transforms, 4, 2, shuffle: true, dropLast: true, 1);
        using (SuperNetwork network = TinyNetworks.Build())
        using (var stop = new CancellationTokenSource())
        using (ArchitectureSearch search = Search(network, new At(before, stop.Cancel)))
        {
            Assert.ThrowsAny<OperationCanceledException>(() => search.Run(weights, held, stop.Token));
        }

        byte[] saved = File.ReadAllBytes(Checkpoint);
        using SuperNetwork resumed = TinyNetworks.Build();
        using ArchitectureSearch again = Search(resumed, NullRunObserver.Instance);

        using (no_grad())
        {
            WithScalar.Fill(resumed.Blocks[0][broken].Project!.Scale.Value, double.NaN);
        }

        var exception = Assert.Throws<TrainingDivergedException>(() => again.Run(weights, held, Token));
        Assert.StartsWith(
            $"the gate gradient of candidate {broken} of block 0 became NaN in architecture step {before} for board "
                + $"at step {before}: ",
            exception.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(saved, File.ReadAllBytes(Checkpoint));
    }

    /// <summary>The candidate of the first block on a path drawn from even odds.</summary>
    private static int FirstOf(RandomUse use, long step)
    {
        var even = new ArchitectureParameters(TinyNetworks.Space.Blocks().Select(block => block.Candidates.Count));
        return even.Sample(SeedSequence.At(0, use, step))[0];
    }

    private ArchitectureSearch Search(SuperNetwork network, IRunObserver observer) =>
        new(
            network,
            new SearchSettings
            {
                Plan = new SearchPlan(40, 0, 1),
                LearningRate = 0.01,
                ArchitectureRate = 1e-9,
                Update = ArchitectureUpdate.FullPath,
                CheckpointInterval = TimeSpan.FromDays(1000),
            },
            [new SearchedTarget("board", new SearchLimits(null, new CostLimit(Cost, Cost.Largest)), Log)],
            Checkpoint,
            DataParallel.Alone,
            observer
        );

    private sealed class At(long step, Action act) : IRunObserver
    {
        public TimeSpan ProgressInterval => TimeSpan.Zero;

        public void Progress(RunProgress progress)
        {
            if (progress.Done == step)
            {
                act();
            }
        }

        public void Message(string text) { }

        public void Warning(string text) { }
    }
}
