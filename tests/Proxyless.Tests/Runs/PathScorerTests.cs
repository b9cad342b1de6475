using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class PathScorerTests
{
    // Folders list images class by class: most batches are of one class, whose weight a mean of the batch alone loses.
    [Fact]
    public void A_score_weights_images_by_their_class_across_batches()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        RunOptions usual = FinishedRun.OptionsIn(folder);
        for (int i = 0; i < 3 * FinishedRun.ImagesOfAClass; i++)
        {
            folder.Add(Path.Combine("images", "more", $"{i}.png"), TestPictures.Noise(5000 + i, 32, 32));
        }

        RunContext context = RunContext.Open(
            usual with
            {
                Threads = 1,
                Data = usual.Data with { ValidationShare = 0.4 },
                Training = usual.Training with { BatchSize = 8, ClassWeights = true },
            },
            NullRunObserver.Instance,
            token
        );
        using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        using var scorer = new PathScorer(context, network);
        int[] choice = [.. network.Blocks.Select(_ => 0)];
        SharedScore score = scorer.Of(choice)!;

        using CompactNetwork copy = network.Extract(choice);
        scorer.Judge(copy, DataParallel.Alone);
        ImageSet held = context.Images.Architecture;
        double[] classWeights = [.. context.ClassWeightsOf(held)!];
        using var withoutGraph = no_grad();
        using BatchLoader loader = context.Loaders.Evaluation(held);
        double sum = 0;
        double weight = 0;
        foreach (Batch batch in loader.Epoch(0, 0, token))
        {
            using (batch)
            {
                using Tensor logits = copy.Forward(batch.Images, NormPass.Evaluation);
                using Tensor losses = nn.functional.cross_entropy(logits, batch.Labels, reduction: nn.Reduction.None);
                foreach ((float loss, long label) in losses.data<float>().Zip(batch.Labels.data<long>()))
                {
                    sum += classWeights[label] * loss;
                    weight += classWeights[label];
                }
            }
        }

        Assert.Equal(3, classWeights.Length);
        Assert.True(classWeights.Max() > 2 * classWeights.Min());
        Assert.Equal(sum / weight, score.Loss, 1e-5);
    }
}
