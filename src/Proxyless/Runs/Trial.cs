using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>
/// A network that is trained a little, to be compared with others: each stretch of steps ends at a rate of zero, so
/// that the network has settled when it is evaluated.
/// </summary>
internal sealed class Trial : IDisposable
{
    private readonly CompactNetwork _network;
    private readonly ClassificationLoss _loss;
    private readonly SgdOptimizer _optimizer;
    private readonly BatchLoader _loader;
    private readonly EndlessBatches _batches;
    private readonly NormPass _norms;
    private readonly double _rate;
    private readonly int _seed;
    private long _steps;

    /// <summary>Prepares the training.</summary>
    /// <param name="context">Options of training.</param>
    /// <param name="network">The network; not disposed of.</param>
    /// <param name="images">What it learns from.</param>
    /// <param name="loader">These images, shuffled; owned.</param>
    /// <param name="rate">The highest rate of a stretch.</param>
    public Trial(RunContext context, CompactNetwork network, ImageSet images, BatchLoader loader, double rate)
    {
        ArgumentNullException.ThrowIfNull(context);
        _rate = rate;
        _seed = context.TrainingSeed;
        _norms = context.Norms;
        _loader = loader;
        _batches = new EndlessBatches(_loader, first: 0);
        _loss = new ClassificationLoss(
            context.Options.Training.LabelSmoothing,
            context.ClassWeightsOf(images),
            context.Device
        );
        _optimizer = new SgdOptimizer
        {
            WeightDecay = context.Options.Training.WeightDecay!.Value,
            MostGradient = context.MostGradient,
            Kernels = context.NetworkOptions.Kernels,
        };
        _network = network;
    }

    /// <summary>The network whose answers are learned instead of the labels; null for none.</summary>
    public Teacher? Teacher { get; init; }

    /// <summary>
    /// Both parameters of the beta distribution of the shares in which images are mixed (<see cref="Mixup"/>);
    /// 0: they are not.
    /// </summary>
    public double MixupAlpha { get; init; }

    /// <summary>Share of the pooled features that are dropped.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Decay of a moving average of the weights that takes their place at the end of a stretch of steps; null for none.
    /// </summary>
    public double? Ema { get; init; }

    /// <summary>The network in its current state.</summary>
    public CompactNetwork Network => _network;

    /// <summary>Continues the training.</summary>
    /// <param name="steps">Number of steps since the beginning.</param>
    /// <param name="stepped">Called after each step.</param>
    /// <param name="parallel">The processes that share the steps.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <param name="warmupShare">Share of the steps during which the rate rises.</param>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public void TrainTo(
        long steps,
        Action stepped,
        DataParallel parallel,
        CancellationToken cancellationToken,
        double warmupShare = 0
    )
    {
        ArgumentNullException.ThrowIfNull(stepped);
        ArgumentNullException.ThrowIfNull(parallel);
        long stretch = steps - _steps;
        var schedule = new CosineSchedule(_rate, stretch, (long)(warmupShare * stretch));
        NetworkTensor[] tensors = [.. _network.Tensors];
        NetworkTensor[] exchanged = [.. tensors.Where(tensor => tensor.IsTrained || _norms.Momentum > 0)];
        using ExponentialMovingAverage? average = Ema is { } decay
            ? new(_network, new CompactNetwork(_network.Architecture, _network.Options), decay)
            : null;
        for (long step = 0; _steps < steps; step++, _steps++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using Batch batch = _batches.Next();
            using TemporarySeed? dropout =
                Dropout > 0 ? TemporarySeed.OfDropout(_seed, _steps, parallel.Part.Index) : null;
            parallel.BeginStep();
            using Tensor images = batch.Images.to(_network.Options.Device);
            using Tensor labels = batch.Labels.to(_network.Options.Device);
            var mixup = Mixup.Of(MixupAlpha, _seed, _steps);
            using Tensor? mixed = mixup?.Of(images);
            using Tensor logits = _network.Forward(mixed ?? images, _norms, Dropout);
            using Tensor value = _loss.Of(mixed ?? images, logits, labels, Teacher, mixup);
            BatchShare share = _loss.ShareOf(labels);
            double lost = parallel.Average(WithScalar.ToDouble(value), share);
            ClassificationLoss.RequireFinite(lost, _steps, _rate);
            parallel.Backward(value, tensors, exchanged, share);
            _optimizer.Step(tensors, schedule.At(step));
            average?.Update(step);
            parallel.EndStep();
            stepped();
        }

        NetworkTensor.CopyAll(average?.Average.Tensors ?? [], tensors);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _loader.Dispose();
        _loss.Dispose();
        _optimizer.Dispose();
    }
}
