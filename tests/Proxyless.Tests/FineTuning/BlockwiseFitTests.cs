using Proxyless.Architectures;
using Proxyless.FineTuning;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Tests.Latency;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.FineTuning;

/// <summary>A narrow network that is fitted, and the choice of it in rounds.</summary>
public sealed class BlockwiseFitTests : IDisposable
{
    private const int Images = 24;

    private readonly CompactNetwork _network;
    private readonly Tensor _images;

    public BlockwiseFitTests()
    {
        Libtorch.Load();

        // mb3e6 with a stride, mb5e6 and mb3e6 with shortcuts.
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

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _network.Dispose();
        _images.Dispose();
    }

    [Fact]
    public void The_whole_network_stays_as_it_is()
    {
        using SpannedNetwork spanned = Span();
        using CompactNetwork same = spanned.Super.Extract(new int[_network.Blocks.Count]);
        BlockwiseFit.Apply(same, _network, [_images], Cancellation);
        Assert.InRange(Difference(same), 0, 1e-6);
    }

    [Fact]
    public void A_narrow_network_comes_nearer_to_the_whole_one()
    {
        using SpannedNetwork spanned = Span();
        int[] choice = Narrow(spanned);
        using CompactNetwork network = spanned.Super.Extract(choice);
        double before = Difference(network);
        Assert.Equal(spanned.ErrorOf(choice), before / Variance(), 1e-3);
        BlockwiseFit.Apply(network, _network, [_images], Cancellation);
        Assert.InRange(Difference(network), 1e-9, 0.85 * before);
    }

    [Fact]
    public void The_norm_of_a_fitted_projection_has_the_statistics_of_its_inputs()
    {
        using SpannedNetwork spanned = Span();
        using CompactNetwork network = spanned.Super.Extract(Narrow(spanned));
        BlockwiseFit.Apply(network, _network, [_images], Cancellation);
        using var withoutGraph = no_grad();
        using Tensor stem = network.Stem.Forward(_images, NormPass.Evaluation);
        using Tensor input = network.Blocks[0].Forward(stem, NormPass.Evaluation);
        BlockPath path = network.Blocks[1];
        using Tensor expanded = path.Expand!.Forward(input, NormPass.Evaluation);
        using Tensor hidden = path.Depthwise!.Forward(expanded, NormPass.Evaluation);
        float[] means = Numbers(path.Project!.Mean.Value);
        float[] variances = Numbers(path.Project.Variance.Value);
        path.Project.Forward(hidden, NormPass.Reestimation(1)).Dispose();
        Assert.All(Numbers(path.Project.Mean.Value).Zip(means), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        Assert.All(
            Numbers(path.Project.Variance.Value).Zip(variances),
            pair => Assert.Equal(1, pair.First / pair.Second, 0.02f)
        );
    }

    /// <summary>A channel that the norm switched off must not blow up the weights that now have to serve it.</summary>
    [Fact]
    public void A_projection_without_effect_gets_weights_of_the_usual_size()
    {
        using (no_grad())
        {
            using Tensor first = _network.Blocks[1].Project!.Scale.Value.narrow(0, 0, 2);
            WithScalar.Fill(first, 0);
        }

        using SpannedNetwork spanned = Span();
        using CompactNetwork network = spanned.Super.Extract(Narrow(spanned));
        float before = Numbers(network.Blocks[1].Project!.Weight.Value).Max(Math.Abs);
        BlockwiseFit.Apply(network, _network, [_images], Cancellation);
        Assert.InRange(Numbers(network.Blocks[1].Project!.Weight.Value).Max(Math.Abs), 0, 3 * before);
    }

    [Fact]
    public void All_errors_beside_a_choice_are_those_of_the_networks()
    {
        using SpannedNetwork spanned = Span();
        int[] choice = Narrow(spanned);
        IReadOnlyList<double[]> errors = spanned.ErrorsBeside(choice, Cancellation);
        for (int i = 0; i < choice.Length; i++)
        {
            for (int j = 0; j < errors[i].Length; j++)
            {
                int[] other = [.. choice];
                other[i] = j;
                Assert.Equal(spanned.ErrorOf(other), errors[i][j], 1e-5);
            }
        }
    }

    /// <summary>Against every network of the space.</summary>
    [Theory]
    [InlineData(0.4)]
    [InlineData(0.6)]
    [InlineData(0.8)]
    [InlineData(1)]
    public void The_choice_is_within_the_limit_and_nearly_the_best_there(double share)
    {
        using SpannedNetwork spanned = Span();
        var cost = SpaceCost.MultiplyAdds(spanned.Super.Space, SmallSpace.Classes);
        double whole = cost.Of(new int[_network.Blocks.Count]);
        var limit = new CostLimit(cost, cost.Smallest + (share * (whole - cost.Smallest)));
        int steps = 0;
        var found = GradualChoice.Find(spanned, [limit], done => steps = done, Cancellation);
        Assert.InRange(steps, 1, GradualChoice.MostSteps);
        Assert.InRange(cost.Of(found.Choice), 0, limit.LimitOfSums);
        double best = Choices([.. spanned.Super.Blocks.Select(block => block.Candidates.Count)])
            .Where(choice => cost.Of(choice) <= limit.LimitOfSums)
            .Min(spanned.ErrorOf);
        Assert.InRange(spanned.ErrorOf(found.Choice), best - 1e-9, (1.1 * best) + 1e-9);

        // What is handed on to the measurement gives the same choice.
        Assert.Equal(
            found.Choice,
            ArchitectureDerivation.TryMaximize(
                [.. found.Errors.Select(block => block.Select(error => -error).ToArray())],
                [limit]
            )
        );
    }

    private static IEnumerable<int[]> Choices(int[] counts) =>
        counts.Aggregate(
            (IEnumerable<int[]>)
                [
                    [],
                ],
            (some, count) => some.SelectMany(choice => Enumerable.Range(0, count).Select(j => (int[])[.. choice, j]))
        );

    private static float[] Numbers(Tensor tensor)
    {
        using Tensor local = tensor.contiguous();
        return local.data<float>().ToArray();
    }

    /// <summary>Half of the hidden channels in every block that has so many.</summary>
    private static int[] Narrow(SpannedNetwork spanned) =>
        [
            .. spanned
                .Super.Space.Blocks()
                .Select(block =>
                {
                    CandidateOperation half = block.Candidates[0].Operation with { Expansion = 3 };
                    return Math.Max(0, block.Candidates.ToList().FindIndex(one => one.Operation == half));
                }),
        ];

    private SpannedNetwork Span() => new(_network, [_images], _ => { }, Cancellation);

    private double Difference(CompactNetwork network) =>
        Features(network)
            .Zip(Features(_network), (own, other) => own.Zip(other, (l, r) => (l - r) * (l - r)).Sum())
            .Sum();

    private double Variance()
    {
        double[][] features = Features(_network);
        return Enumerable
            .Range(0, features[0].Length)
            .Sum(c =>
            {
                double mean = features.Average(row => row[c]);
                return features.Sum(row => (row[c] - mean) * (row[c] - mean));
            });
    }

    private double[][] Features(CompactNetwork network)
    {
        var features = new NetworkFeatures(network, 1);
        using var withoutGraph = no_grad();
        features.Add(_images, new long[Images], [.. Enumerable.Range(0, Images)]);
        return [.. features.At(network.Blocks.Count + 1).Select(row => row.Select(value => (double)value).ToArray())];
    }
}
