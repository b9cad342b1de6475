using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>A step that is timed.</summary>
internal abstract class BenchedStep : IDisposable
{
    /// <summary>Runs the i-th step.</summary>
    public abstract void Run(int i, Tensor images, Tensor labels);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The path of the i-th step, the same in every mode.</summary>
    public static int[] Path(ArchitectureParameters parameters, int seed, int i) =>
        parameters.SampleUniformly(Runtime.SeedSequence.At(seed, Runtime.RandomUse.WeightPaths, i));
}

/// <summary>Weight steps of the sampled paths as fixed networks, built beforehand.</summary>
internal sealed class CompactSteps : BenchedStep
{
    private readonly CompactNetwork[] _networks;
    private readonly NetworkTensor[][] _tensors;
    private readonly SgdOptimizer _optimizer;
    private readonly ClassificationLoss _loss;

    public CompactSteps(SearchSpace space, int classes, NetworkOptions options, int seed, int steps)
    {
        var parameters = new ArchitectureParameters(space.Blocks().Select(block => block.Candidates.Count));
        _networks =
        [
            .. Enumerable
                .Range(0, steps)
                .Select(i => new CompactNetwork(
                    space.Architecture(Path(parameters, seed, i), classes, "bench"),
                    options
                )),
        ];
        _tensors = [.. _networks.Select(network => network.Tensors.ToArray())];
        _optimizer = new SgdOptimizer { Kernels = options.Kernels };
        _loss = new ClassificationLoss(0.1, null, options.Device);
    }

    public override void Run(int i, Tensor images, Tensor labels)
    {
        using Tensor logits = _networks[i].Forward(images, NormPass.Training);
        using Tensor value = _loss.Of(logits, labels);
        BackwardPass.Run(value, _tensors[i]);
        _optimizer.Step(_tensors[i], 1e-3);

        // The state of one network in training: only of this one, not of earlier ones.
        if (i > 0)
        {
            _optimizer.Forget(_tensors[i - 1]);
        }
    }

    public override void Dispose()
    {
        foreach (CompactNetwork network in _networks)
        {
            network.Dispose();
        }

        _optimizer.Dispose();
        _loss.Dispose();
    }
}

/// <summary>Steps of the super-network.</summary>
internal sealed class SuperNetworkSteps : BenchedStep
{
    private readonly BenchOptions _options;
    private readonly double _rate;
    private readonly SuperNetwork _network;
    private readonly ArchitectureParameters _parameters;
    private readonly ArchitectureStep _step;
    private readonly ChannelWarmup _warmup;
    private readonly SandwichStep _sandwich;
    private readonly SgdOptimizer _optimizer;
    private readonly ClassificationLoss _loss;

    public SuperNetworkSteps(
        SearchSpace space,
        int classes,
        NetworkOptions network,
        BenchOptions options,
        int samples,
        double rate
    )
    {
        _options = options;
        _rate = rate;

        // For training all paths at once, like DARTS, each has its own weights.
        _network = new SuperNetwork(
            space,
            classes,
            options.Mode == BenchMode.AllPaths ? network with { SharesWeights = false } : network
        );
        _parameters = new ArchitectureParameters(_network.Blocks.Select(block => block.Candidates.Count));
        _optimizer = new SgdOptimizer { Kernels = network.Kernels };
        _loss = new ClassificationLoss(0.1, null, network.Device);
        _warmup = new ChannelWarmup(space);
        var settings = new SearchSettings
        {
            Plan = new SearchPlan(options.Steps, 0, 1, WeightUpdate.Sandwich),
            LearningRate = rate,
            ArchitectureRate = rate,
        };
        _sandwich = new SandwichStep(
            _network,
            settings,
            [SpaceCost.MultiplyAdds(space, classes)],
            _loss,
            _optimizer,
            DataParallel.Alone
        );
        _step = ArchitectureStep.WithoutLimits(_network, _parameters, _loss, DataParallel.Alone, samples);
    }

    public override void Run(int i, Tensor images, Tensor labels) => Run(_options.Mode, i, images, labels);

    /// <summary>Runs the i-th step of a mode.</summary>
    public void Run(BenchMode mode, int i, Tensor images, Tensor labels)
    {
        var random = new Random(i);
        _ = mode switch
        {
            BenchMode.TwoPath => _step.Run(ArchitectureUpdate.TwoPath, images, labels, random, _rate),
            BenchMode.FullPath => _step.Run(ArchitectureUpdate.FullPath, images, labels, random, _rate),
            BenchMode.Reinforce => _step.Run(ArchitectureUpdate.Reinforce, images, labels, random, _rate),
            BenchMode.AllPaths => AllPaths(images, labels),
            BenchMode.Sandwich => _sandwich.Run(images, labels, i, random, _rate).Loss,
            BenchMode.Score => Pass(images, Path(_parameters, _options.Seed, i), NormPass.Evaluation),
            BenchMode.Statistics => Pass(images, Path(_parameters, _options.Seed, i), NormPass.Reestimation(1, i + 1)),
            BenchMode.Warmup => Weight(
                images,
                labels,
                _warmup.Widen(Path(_parameters, _options.Seed, i), ChannelWarmup.Middle, random)
            ),
            _ => Weight(images, labels, Path(_parameters, _options.Seed, i)),
        };
    }

    public override void Dispose()
    {
        _network.Dispose();
        _optimizer.Dispose();
        _loss.Dispose();
    }

    private double Weight(Tensor images, Tensor labels, int[] path)
    {
        using Tensor logits = _network.Forward(images, path, NormPass.Training);
        return Learn(logits, labels, _network.TensorsOf(path));
    }

    private double Pass(Tensor images, int[] path, NormPass norms)
    {
        using var withoutGraph = no_grad();
        using Tensor logits = _network.Forward(images, path, norms);
        using Tensor sum = logits.sum();
        return WithScalar.ToDouble(sum);
    }

    private double AllPaths(Tensor images, Tensor labels)
    {
        Tensor x = _network.Begin(images, NormPass.Training);
        foreach (MixedOperation block in _network.Blocks)
        {
            using Tensor input = x;
            double share = 1.0 / block.Candidates.Count;
            Tensor sum = zeros(1);
            for (int j = 0; j < block.Candidates.Count; j++)
            {
                using Tensor output = block[j].Forward(input, NormPass.Training);
                using Tensor weighted = WithScalar.Times(output, share);
                using Tensor before = sum;
                sum = WithScalar.Sum(before, weighted);
            }

            x = sum;
        }

        using Tensor last = x;
        using Tensor logits = _network.Head.Forward(last, NormPass.Training, dropout: 0);
        return Learn(logits, labels, _network.Tensors);
    }

    private double Learn(Tensor logits, Tensor labels, IEnumerable<NetworkTensor> tensors)
    {
        using Tensor value = _loss.Of(logits, labels);
        BackwardPass.Run(value, tensors);
        _optimizer.Step(tensors, _rate);
        return WithScalar.ToDouble(value);
    }
}
