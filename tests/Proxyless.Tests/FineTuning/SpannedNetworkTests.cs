using Proxyless.Architectures;
using Proxyless.FineTuning;
using Proxyless.Networks;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.FineTuning;

public sealed class SpannedNetworkTests : IDisposable
{
    private readonly SmallNetwork _small = new();

    private CompactNetwork Whole => _small.Network;

    public void Dispose() => _small.Dispose();

    [Fact]
    public void The_first_candidates_are_theWhole()
    {
        using SpannedNetwork spanned = _small.Span();
        using CompactNetwork first = spanned.Super.Extract(new int[Whole.Blocks.Count]);
        Assert.Equal(Outputs(Whole), Outputs(first));
        Assert.All(ErrorsOf(spanned), block => Assert.Equal(0, block[0]));
    }

    /// <summary>As EfficientNet-Lite pads, whose own code is TensorFlow's.</summary>
    [Fact]
    public void The_padding_of_theWhole_is_that_of_all_candidates()
    {
        using var padded = new CompactNetwork(
            Whole.Architecture with
            {
                Padding = ConvolutionPadding.Same,
            },
            Whole.Options
        );
        NetworkTensor.CopyAll(Whole.Tensors, padded.Tensors);
        using var spanned = new SpannedNetwork(
            padded,
            [_small.Images],
            [_small.Images],
            _ => { },
            TestContext.Current.CancellationToken
        );
        using CompactNetwork first = spanned.Super.Extract(new int[padded.Blocks.Count]);
        Assert.Equal(Outputs(padded), Outputs(first));
        Assert.NotEqual(Outputs(Whole), Outputs(first));
        Assert.All(ErrorsOf(spanned), block => Assert.All(block, error => Assert.InRange(error, 0, 10)));
    }

    /// <summary>Without the work for the other candidates.</summary>
    [Fact]
    public void One_network_has_the_weights_that_it_has_among_all()
    {
        using SpannedNetwork spanned = _small.Span();
        IReadOnlyList<SearchBlock> blocks = spanned.Super.Space.Blocks();
        for (int j = 0; j < blocks.Max(block => block.Candidates.Count); j++)
        {
            int[] choice = [.. blocks.Select(block => Math.Min(j, block.Candidates.Count - 1))];
            using CompactNetwork among = spanned.Super.Extract(choice);
            using CompactNetwork one = SpannedWeights.OfOne(
                Whole,
                [_small.Images],
                choice,
                _ => { },
                TestContext.Current.CancellationToken
            );
            Assert.Equal(Outputs(among), Outputs(one));
        }
    }

    [Fact]
    public void An_error_is_the_part_of_the_variance_of_the_features_that_is_lost()
    {
        using SpannedNetwork spanned = _small.Span();
        double variance = _small.Variance();
        IReadOnlyList<SearchBlock> blocks = spanned.Super.Space.Blocks();
        for (int i = 0; i < blocks.Count; i++)
        {
            for (int j = 1; j < blocks[i].Candidates.Count; j++)
            {
                int[] choice = new int[blocks.Count];
                choice[i] = j;
                using CompactNetwork network = spanned.Super.Extract(choice);
                double lost = _small.Difference(network);
                Assert.Equal(lost / variance, ErrorsOf(spanned)[i][j], 1e-3 * Math.Max(1, lost / variance));
            }
        }
    }

    /// <summary>Weights that are finite, with which a network computes nothing that is.</summary>
    [Fact]
    public void A_network_that_computes_no_finite_numbers_is_refused()
    {
        Fill(Whole.Blocks[^1].Project!.Scale);
        Fill(Whole.Head.Convolution.Weight);
        var refused = Assert.Throws<InvalidInputException>(() => _small.Span());
        Assert.Contains("no finite numbers", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// The first half of the hidden channels does what all do if the second is a copy of it: half as many channels and
    /// other weights are exactly enough.
    /// </summary>
    [Fact]
    public void Channels_that_say_the_same_are_left_out_without_loss()
    {
        BlockPath block = Whole.Blocks[^1];
        Double(block.Expand!);
        Double(block.Depthwise!);
        using SpannedNetwork spanned = _small.Span();
        int last = Whole.Blocks.Count - 1;
        int half = IndexOf(spanned, last, "mb3e3");
        int third = IndexOf(spanned, last, "mb3e2");
        Assert.InRange(ErrorsOf(spanned)[last][half], 0, 1e-5);
        Assert.InRange(ErrorsOf(spanned)[last][third], 1e-4, 1);
    }

    /// <summary>Against the same channels with the weights that they had.</summary>
    [Fact]
    public void The_projection_of_least_squares_is_nearer_to_the_block_than_the_old_weights()
    {
        using SpannedNetwork spanned = _small.Span();
        int last = Whole.Blocks.Count - 1;
        BlockPath whole = Whole.Blocks[last];
        int half = IndexOf(spanned, last, "mb3e3");
        BlockPath narrow = spanned.Super.Blocks[last][half];
        double repaired = ErrorsOf(spanned)[last][half];
        float[] kept = Numbers(narrow.Expand!.Weight.Value);
        float[] all = Numbers(whole.Expand!.Weight.Value);
        int width = whole.Block.InputWidth;
        long[] channels =
        [
            .. Enumerable
                .Range(0, narrow.Block.HiddenWidth)
                .Select(k =>
                    (long)
                        Enumerable
                            .Range(0, whole.Block.HiddenWidth)
                            .First(h => all.AsSpan(h * width, width).SequenceEqual(kept.AsSpan(k * width, width)))
                ),
        ];
        using (Tensor index = tensor(channels))
        using (Tensor old = whole.Project!.Weight.Value.index_select(1, index))
        {
            narrow.Project!.Weight.CopyFrom(old);
            narrow.Project.Mean.CopyFrom(whole.Project.Mean.Value);
        }

        int[] choice = new int[Whole.Blocks.Count];
        choice[last] = half;
        using CompactNetwork network = spanned.Super.Extract(choice);
        using SpannedNetwork again = _small.Span();
        using CompactNetwork repairedNetwork = again.Super.Extract(choice);
        Assert.InRange(_small.Difference(repairedNetwork), 0, 0.7 * _small.Difference(network));
        Assert.Equal(repaired, ErrorsOf(again)[last][half]);
    }

    private static IReadOnlyList<double[]> ErrorsOf(SpannedNetwork spanned) =>
        spanned.ErrorsBeside(new int[spanned.Super.Blocks.Count], TestContext.Current.CancellationToken);

    private static void Fill(NetworkTensor target)
    {
        float[] numbers = new float[target.Value.numel()];
        Array.Fill(numbers, float.MaxValue);
        using Tensor large = tensor(numbers, target.Value.shape);
        target.CopyFrom(large);
    }

    private static int IndexOf(SpannedNetwork spanned, int block, string operation) =>
        spanned
            .Super.Space.Blocks()[block]
            .Candidates.ToList()
            .FindIndex(candidate => candidate.Operation == CandidateOperation.Parse(operation));

    private static void Double(ConvolutionLayer layer)
    {
        using var withoutGraph = no_grad();
        foreach (NetworkTensor channels in layer.Tensors)
        {
            long half = channels.Value.shape[0] / 2;
            using Tensor first = channels.Value.narrow(0, 0, half).clone();
            using Tensor second = channels.Value.narrow(0, half, half);
            second.copy_(first);
        }
    }

    private float[] Outputs(CompactNetwork network)
    {
        using var withoutGraph = no_grad();
        using Tensor logits = network.Forward(_small.Images, NormPass.Evaluation);
        return Numbers(logits);
    }

    private static float[] Numbers(Tensor tensor)
    {
        using Tensor local = tensor.contiguous();
        return local.data<float>().ToArray();
    }
}
