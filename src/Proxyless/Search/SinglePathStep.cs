using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// A weight step on one path (ProxylessNAS, section 3.2), drawn by the architecture parameters of each target in turn:
/// the cost of a step does not depend on the number of targets. During the warm-up shared channels are trained first
/// (<see cref="ChannelWarmup"/>).
/// </summary>
/// <param name="network">The weights.</param>
/// <param name="settings">Step counts, and the peak rate for messages.</param>
/// <param name="targets">The architecture parameters of at least one target.</param>
/// <param name="loss">The loss to minimize.</param>
/// <param name="optimizer">Updates the weights.</param>
/// <param name="parallel">The processes that share the step.</param>
internal sealed class SinglePathStep(
    SuperNetwork network,
    SearchSettings settings,
    IReadOnlyList<ArchitectureParameters> targets,
    ClassificationLoss loss,
    SgdOptimizer optimizer,
    DataParallel parallel
) : IWeightStep
{
    private readonly ChannelWarmup? _warmup = network.Options.SharesWeights ? new ChannelWarmup(network.Space) : null;

    /// <inheritdoc/>
    public (double Loss, double Top1) Run(Tensor images, Tensor labels, long step, Random random, double rate)
    {
        int[] path = targets[(int)(step % targets.Count)].Sample(random);
        if (_warmup is not null && step < settings.Plan.WarmupSteps)
        {
            path = _warmup.Widen(path, (double)step / settings.Plan.WarmupSteps, random);
        }

        using Tensor logits = network.Forward(images, path, NormPass.Training);
        using Tensor value = loss.Of(logits, labels);
        var accuracy = new TopAccuracy();
        accuracy.Add(logits, labels);
        double[] means = [WithScalar.ToDouble(value), accuracy.Top1];
        BatchShare share = loss.ShareOf(labels);
        parallel.Average(means, share);
        ClassificationLoss.RequireFinite(means[0], step, settings.PeakRate);
        NetworkTensor[] moved = [.. network.TensorsOf(path)];
        parallel.Backward(value, moved, moved, share);
        optimizer.Step(moved, rate);
        return (means[0], means[1]);
    }

    /// <inheritdoc/>
    public void Forget()
    {
        // Architecture parameters never draw a pruned candidate.
    }
}
