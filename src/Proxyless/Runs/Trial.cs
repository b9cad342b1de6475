using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>
/// A network that is trained a little, from the shared weights, to be compared with others: each stretch of steps ends
/// at a rate of zero, so that the network has settled when it is evaluated.
/// </summary>
internal sealed class Trial : IDisposable
{
    private readonly CompactNetwork _network;
    private readonly ClassificationLoss _loss;
    private readonly SgdOptimizer _optimizer;
    private readonly BatchLoader _loader;
    private readonly EndlessBatches _batches;
    private readonly double _rate;
    private long _steps;

    /// <summary>Copies the weights.</summary>
    /// <param name="context">Images and options of training.</param>
    /// <param name="network">The shared weights.</param>
    /// <param name="choice">A candidate for each block.</param>
    /// <param name="rateShare">The highest rate of a stretch, as a share of that of the search.</param>
    public Trial(RunContext context, SuperNetwork network, IReadOnlyList<int> choice, double rateShare)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(network);
        _rate = rateShare * context.LearningRate;
        _loader = context.Loaders.Training(context.Images.Weights, RandomUse.WeightImages);
        _batches = new EndlessBatches(_loader, first: 0);
        _loss = new ClassificationLoss(
            context.Options.Training.LabelSmoothing,
            context.ClassWeightsOf(context.Images.Weights),
            context.Device
        );
        _optimizer = new SgdOptimizer
        {
            WeightDecay = context.Options.Training.WeightDecay!.Value,
            Kernels = context.NetworkOptions.Kernels,
        };
        _network = network.Extract(choice);
    }

    /// <summary>The network in its current state.</summary>
    public CompactNetwork Network => _network;

    /// <summary>Continues the training.</summary>
    /// <param name="steps">Number of steps since the beginning.</param>
    /// <param name="stepped">Called after each step.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public void TrainTo(long steps, Action stepped, CancellationToken cancellationToken)
    {
        var schedule = new CosineSchedule(_rate, steps - _steps, WarmupSteps: 0);
        NetworkTensor[] tensors = [.. _network.Tensors];
        for (long step = 0; _steps < steps; step++, _steps++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using Batch batch = _batches.Next();
            using Tensor images = batch.Images.to(_network.Options.Device);
            using Tensor labels = batch.Labels.to(_network.Options.Device);
            using Tensor logits = _network.Forward(images, NormPass.Training);
            using Tensor value = _loss.Of(logits, labels);
            ClassificationLoss.RequireFinite(WithScalar.ToDouble(value), _steps, _rate);
            BackwardPass.Run(value, tensors);
            _optimizer.Step(tensors, schedule.At(step));
            stepped();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _loader.Dispose();
        _loss.Dispose();
        _optimizer.Dispose();
        _network.Dispose();
    }
}
