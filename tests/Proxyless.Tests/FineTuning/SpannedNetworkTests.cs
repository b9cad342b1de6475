using Proxyless.Architectures;
using Proxyless.FineTuning;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Latency;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.FineTuning;

public sealed class SpannedNetworkTests : IDisposable
{
    private const int Images = 24;

    // mb3e6 with a stride, mb5e6 and mb3e6 with shortcuts.
    private readonly CompactNetwork _network;
    private readonly Tensor _images;

    public SpannedNetworkTests()
    {
        Libtorch.Load();
        _network = new CompactNetwork(SmallSpace.Network(1, 2, 1), new NetworkOptions { Seed = 4 });
        var random = new Random(9);
        int side = _network.Architecture.Resolution;
        using Tensor plain = tensor(
            [.. Enumerable.Range(0, Images * 3 * side * side).Select(_ => (random.NextSingle() * 4) - 2)],
            [Images, 3, side, side]
        );
        _images = MemoryLayout.ChannelsLast(plain);
        using var withoutGraph = no_grad();
        for (int n = 1; n <= 2; n++)
        {
            _network.Forward(_images, NormPass.Reestimation(n)).Dispose();
        }
    }

    public void Dispose()
    {
        _network.Dispose();
        _images.Dispose();
    }

    [Fact]
    public void The_first_candidates_are_the_network()
    {
        using SpannedNetwork spanned = Span();
        using CompactNetwork first = spanned.Super.Extract(new int[_network.Blocks.Count]);
        Assert.Equal(Outputs(_network), Outputs(first));
        Assert.All(ErrorsOf(spanned), block => Assert.Equal(0, block[0]));
    }

    /// <summary>As EfficientNet-Lite pads, whose own code is TensorFlow's.</summary>
    [Fact]
    public void The_padding_of_the_network_is_that_of_all_candidates()
    {
        using var padded = new CompactNetwork(
            _network.Architecture with
            {
                Padding = ConvolutionPadding.Same,
            },
            _network.Options
        );
        NetworkTensor.CopyAll(_network.Tensors, padded.Tensors);
        using var spanned = new SpannedNetwork(padded, [_images], _ => { }, TestContext.Current.CancellationToken);
        using CompactNetwork first = spanned.Super.Extract(new int[padded.Blocks.Count]);
        Assert.Equal(Outputs(padded), Outputs(first));
        Assert.NotEqual(Outputs(_network), Outputs(first));
        Assert.All(ErrorsOf(spanned), block => Assert.All(block, error => Assert.InRange(error, 0, 10)));
    }

    [Fact]
    public void An_error_is_the_part_of_the_variance_of_the_features_that_is_lost()
    {
        using SpannedNetwork spanned = Span();
        double[][] expected = Features(_network);
        double variance = Enumerable
            .Range(0, expected[0].Length)
            .Sum(c =>
            {
                double mean = expected.Average(row => row[c]);
                return expected.Sum(row => (row[c] - mean) * (row[c] - mean));
            });
        IReadOnlyList<SearchBlock> blocks = spanned.Super.Space.Blocks();
        for (int i = 0; i < blocks.Count; i++)
        {
            for (int j = 1; j < blocks[i].Candidates.Count; j++)
            {
                int[] choice = new int[blocks.Count];
                choice[i] = j;
                using CompactNetwork network = spanned.Super.Extract(choice);
                double lost = Features(network)
                    .Zip(expected, (own, other) => own.Zip(other, (l, r) => (l - r) * (l - r)).Sum())
                    .Sum();
                Assert.Equal(lost / variance, ErrorsOf(spanned)[i][j], 1e-3 * Math.Max(1, lost / variance));
            }
        }
    }

    /// <summary>
    /// The first half of the hidden channels does what all do if the second is a copy of it: half as many channels and
    /// other weights are exactly enough.
    /// </summary>
    [Fact]
    public void Channels_that_say_the_same_are_left_out_without_loss()
    {
        BlockPath block = _network.Blocks[^1];
        Double(block.Expand!);
        Double(block.Depthwise!);
        using SpannedNetwork spanned = Span();
        int last = _network.Blocks.Count - 1;
        int half = IndexOf(spanned, last, "mb3e3");
        int third = IndexOf(spanned, last, "mb3e2");
        Assert.InRange(ErrorsOf(spanned)[last][half], 0, 1e-5);
        Assert.InRange(ErrorsOf(spanned)[last][third], 1e-4, 1);
    }

    /// <summary>Against the same channels with the weights that they had.</summary>
    [Fact]
    public void The_projection_of_least_squares_is_nearer_to_the_block_than_the_old_weights()
    {
        using SpannedNetwork spanned = Span();
        int last = _network.Blocks.Count - 1;
        BlockPath whole = _network.Blocks[last];
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

        int[] choice = new int[_network.Blocks.Count];
        choice[last] = half;
        using CompactNetwork network = spanned.Super.Extract(choice);
        double[][] expected = Features(_network);
        double Difference(double[][] features) =>
            features.Zip(expected, (own, other) => own.Zip(other, (l, r) => (l - r) * (l - r)).Sum()).Sum();
        using SpannedNetwork again = Span();
        using CompactNetwork repairedNetwork = again.Super.Extract(choice);
        Assert.InRange(Difference(Features(repairedNetwork)), 0, 0.7 * Difference(Features(network)));
        Assert.Equal(repaired, ErrorsOf(again)[last][half]);
    }

    private SpannedNetwork Span() => new(_network, [_images], _ => { }, TestContext.Current.CancellationToken);

    private static IReadOnlyList<double[]> ErrorsOf(SpannedNetwork spanned) =>
        spanned.ErrorsBeside(new int[spanned.Super.Blocks.Count], TestContext.Current.CancellationToken);

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
        using Tensor logits = network.Forward(_images, NormPass.Evaluation);
        return Numbers(logits);
    }

    private double[][] Features(CompactNetwork network)
    {
        var features = new NetworkFeatures(network, 1);
        using var withoutGraph = no_grad();
        features.Add(_images, new long[Images], [.. Enumerable.Range(0, Images)]);
        return [.. features.At(network.Blocks.Count + 1).Select(row => row.Select(value => (double)value).ToArray())];
    }

    private static float[] Numbers(Tensor tensor)
    {
        using Tensor local = tensor.contiguous();
        return local.data<float>().ToArray();
    }
}
