using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

public sealed class SandwichStepTests
{
    private const double Rate = 1e-3;

    // Candidates that share convolutions, and such that do not; a block that may vanish.
    private static readonly SearchSpace Space = TinyNetworks.Space with
    {
        Name = "sandwich",
        Stages =
        [
            new Stage(4, 2, 1, [.. "mb3e2 mb3e4 mb5e1 zero".Split(' ').Select(CandidateOperation.Parse)]),
            new Stage(6, 2, 2, [.. "mb3e2 mb5e4 identity zero".Split(' ').Select(CandidateOperation.Parse)]),
        ],
    };

    private static readonly SpaceCost Cost = SpaceCost.MultiplyAdds(Space, TinyNetworks.Classes);

    private static readonly SearchSettings Settings = new()
    {
        Plan = new SearchPlan(10, 0, 1, WeightUpdate.Sandwich),
        LearningRate = Rate,
        ArchitectureRate = 0.1,
    };

    [Fact]
    public void A_step_follows_the_gradient_of_the_sum_of_both_losses()
    {
        // On parts of one memory in the first and the third block, on one candidate in the second.
        (int seed, int[] drawn) = Enumerable
            .Range(0, 1000)
            .Select(number => (number, Drawn(number)))
            .First(one => one.Item2[0] == 0 && one.Item2[1] == 1 && one.Item2[2] == 0);
        using SuperNetwork network = Build();
        int[] widest = network.Widest();
        (Tensor images, Tensor labels) = TinyNetworks.Batch(precision: ScalarType.Float64);
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using var optimizer = new SgdOptimizer { Momentum = 0, WeightDecay = 0 };
        using Tensor answers = Answers(network, widest, images);
        double Total()
        {
            using var withoutGraph = no_grad();
            using Tensor wide = network.Forward(images, widest, NormPass.Frozen);
            using Tensor narrow = network.Forward(images, drawn, NormPass.Frozen);
            using Tensor byLabels = loss.Of(wide, labels);
            using Tensor byAnswers = loss.OfAnswers(narrow, answers, labels);
            return WithScalar.ToDouble(byLabels) + WithScalar.ToDouble(byAnswers);
        }

        NetworkTensor[] moved = [.. network.TensorsOf(widest).Union(network.TensorsOf(drawn)).Where(t => t.IsTrained)];
        double[][] slopes = [.. moved.Select(tensor => Slopes(tensor, Total))];
        double[][] before = [.. moved.Select(Numbers)];
        var step = new SandwichStep(network, Settings, [Cost], loss, optimizer, DataParallel.Alone);
        step.Run(images, labels, 0, new Random(seed), Rate);
        for (int k = 0; k < moved.Length; k++)
        {
            double[] after = Numbers(moved[k]);
            for (int i = 0; i < slopes[k].Length; i++)
            {
                Assert.Equal(-Rate * slopes[k][i], after[i] - before[k][i], Rate * 1e-5);
            }
        }

        Assert.Contains(moved, tensor => tensor.Part is not null);
    }

    [Fact]
    public void What_is_on_neither_path_keeps_its_numbers_to_the_bit()
    {
        const int Seed = 4;
        using SuperNetwork network = Build();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using var optimizer = new SgdOptimizer();
        var moved = network.TensorsOf(network.Widest()).Union(network.TensorsOf(Drawn(Seed))).ToHashSet();
        NetworkTensor[] others = [.. network.Tensors.Where(tensor => !moved.Contains(tensor) && tensor.Part is null)];
        double[][] before = [.. others.Select(Numbers)];
        (Tensor images, Tensor labels) = TinyNetworks.Batch(precision: ScalarType.Float64);
        new SandwichStep(network, Settings, [Cost], loss, optimizer, DataParallel.Alone).Run(
            images,
            labels,
            0,
            new Random(Seed),
            Rate
        );
        Assert.NotEmpty(others);
        Assert.Equal(before, others.Select(Numbers));
    }

    [Fact]
    public void No_path_takes_what_was_pruned_since()
    {
        using SuperNetwork network = Build();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using var optimizer = new SgdOptimizer();
        (Tensor images, Tensor labels) = TinyNetworks.Batch(precision: ScalarType.Float64);
        var step = new SandwichStep(network, Settings, [Cost], loss, optimizer, DataParallel.Alone);
        step.Run(images, labels, 0, new Random(1), Rate);
        foreach (int block in Enumerable.Range(0, network.Blocks.Count))
        {
            network.Blocks[block].Prune(network.Widest()[block]);
        }

        step.Forget();
        for (int seed = 0; seed < 20; seed++)
        {
            // A path that takes a candidate that is gone throws.
            step.Run(images, labels, seed, new Random(seed), Rate);
        }
    }

    [Fact]
    public void A_loss_that_is_no_number_ends_the_step_before_weights_move()
    {
        using SuperNetwork network = Build();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using var optimizer = new SgdOptimizer();
        (Tensor images, Tensor labels) = TinyNetworks.Batch(precision: ScalarType.Float64);
        using Tensor broken = images.clone();
        using (no_grad())
        {
            WithScalar.Fill(broken, double.NaN);
        }

        double[][] before = [.. network.Tensors.Where(tensor => tensor.IsTrained).Select(Numbers)];
        var step = new SandwichStep(network, Settings, [Cost], loss, optimizer, DataParallel.Alone);
        Assert.Throws<TrainingDivergedException>(() => step.Run(broken, labels, 7, new Random(1), Rate));
        Assert.Equal(before, network.Tensors.Where(tensor => tensor.IsTrained).Select(Numbers));
    }

    [Fact]
    public void The_widest_path_has_the_most_multiply_adds_of_what_is_left()
    {
        using SuperNetwork network = Build();
        Assert.Equal(Cost.Largest, Cost.Of(network.Widest()));
        network.Blocks[0].Prune(network.Widest()[0]);
        double[] left = [.. Cost.Candidates[0].Where((_, j) => network.Blocks[0].Candidates[j] is not null)];
        Assert.Equal(left.Max(), Cost.Candidates[0][network.Widest()[0]]);
    }

    [Fact]
    public void The_widest_path_has_the_most_channels_where_a_larger_kernel_takes_more_multiply_adds()
    {
        Libtorch.Load();
        SearchSpace space = Space with
        {
            Stages = [new Stage(4, 1, 1, [.. "mb3e4 mb11e2 mb3e1".Split(' ').Select(CandidateOperation.Parse)])],
        };
        using var network = new SuperNetwork(
            space,
            TinyNetworks.Classes,
            new NetworkOptions { Seed = 1, SharesWeights = true }
        );
        double[] work = SpaceCost.MultiplyAdds(space, TinyNetworks.Classes).Candidates[0];
        Assert.True(work[1] > work[0]);
        int widest = Assert.Single(network.Widest());
        Assert.Equal(0, widest);

        // What only wide candidates have is a part of it.
        BlockPath path = network.Blocks[0][widest];
        Assert.All(
            network.Blocks[0].Candidates,
            other => Assert.True(other!.Project!.Weight.Value.shape[1] <= path.Project!.Weight.Value.shape[1])
        );
    }

    private static int[] Drawn(int seed) => new LimitPaths(Cost, LimitPathsTests.All(Cost)).Draw(new Random(seed));

    private static SuperNetwork Build()
    {
        Libtorch.Load();
        var options = new NetworkOptions
        {
            Seed = 1,
            Precision = ScalarType.Float64,
            SharesWeights = true,
        };
        return new SuperNetwork(Space, TinyNetworks.Classes, options);
    }

    private static Tensor Answers(SuperNetwork network, int[] path, Tensor images)
    {
        using var withoutGraph = no_grad();
        using Tensor logits = network.Forward(images, path, NormPass.Frozen);
        return nn.functional.softmax(logits, dim: 1);
    }

    private static double[] Numbers(NetworkTensor tensor)
    {
        using var withoutGraph = no_grad();
        using Tensor flat = tensor.Value.contiguous();
        return [.. flat.data<double>()];
    }

    /// <summary>Central differences of the first and the last numbers of a tensor.</summary>
    private static double[] Slopes(NetworkTensor tensor, Func<double> total)
    {
        const double Step = 1e-5;
        double[] numbers = Numbers(tensor);
        var slopes = new double[Math.Min(6, numbers.Length)];
        for (int i = 0; i < slopes.Length; i++)
        {
            double At(double value)
            {
                double[] moved = [.. numbers];
                moved[i] = value;
                using Tensor flat = from_array(moved);
                using Tensor source = flat.reshape(tensor.Value.shape);
                tensor.CopyFrom(source);
                return total();
            }

            slopes[i] = (At(numbers[i] + Step) - At(numbers[i] - Step)) / (2 * Step);
            At(numbers[i]);
        }

        return slopes;
    }
}
