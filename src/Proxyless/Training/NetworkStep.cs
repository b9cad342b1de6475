using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// A step of the training of one network: what is done with a batch, wherever a network is trained.
/// </summary>
internal sealed class NetworkStep : IDisposable
{
    private readonly CompactNetwork _network;
    private readonly TrainingSettings _settings;
    private readonly ClassificationLoss _loss;
    private readonly NetworkTensor[] _tensors;
    private readonly NetworkTensor[] _exchanged;

    /// <summary>Prepares the steps.</summary>
    /// <param name="network">The network; not disposed of.</param>
    /// <param name="settings">How to train.</param>
    public NetworkStep(CompactNetwork network, TrainingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(settings);
        _network = network;
        _settings = settings;
        _tensors = [.. network.Tensors];
        _exchanged = [.. _tensors.Where(tensor => tensor.IsTrained || settings.Norms.Momentum > 0)];
        _loss = new ClassificationLoss(settings.LabelSmoothing, settings.ClassWeights, network.Options.Device);
        Optimizer = new SgdOptimizer
        {
            WeightDecay = settings.WeightDecay,
            MostGradient = settings.MostGradient,
            Kernels = network.Options.Kernels,
        };
    }

    /// <summary>The optimizer, which holds the momenta.</summary>
    public SgdOptimizer Optimizer { get; }

    /// <summary>Updates the weights.</summary>
    /// <param name="batch">This process's part of the images.</param>
    /// <param name="step">Number of steps before this one.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="parallel">The processes that share the step.</param>
    /// <returns>The loss over the images of all processes.</returns>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public double Run(Batch batch, long step, double rate, DataParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(parallel);
        using TemporarySeed? dropout =
            _settings.Dropout > 0 ? TemporarySeed.OfDropout(_settings.Seed, step, parallel.Part.Index) : null;
        using Tensor images = batch.Images.to(_network.Options.Device);
        using Tensor labels = batch.Labels.to(_network.Options.Device);
        var mixup = Mixup.Of(_settings.MixupAlpha, _settings.Seed, step);
        using Tensor? mixed = mixup?.Of(images);
        using Tensor logits = _network.Forward(mixed ?? images, _settings.Norms, _settings.Dropout);
        using Tensor value = _loss.Of(mixed ?? images, logits, labels, _settings.Teacher, mixup);
        BatchShare share = _loss.ShareOf(labels);
        double loss = parallel.Average(WithScalar.ToDouble(value), share);
        ClassificationLoss.RequireFinite(loss, step, _settings.PeakRate);
        parallel.Backward(value, _tensors, _exchanged, share);
        Optimizer.Step(_tensors, rate);
        return loss;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose();
        _loss.Dispose();
    }
}
