using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// A weight step on two paths: the widest one with the labels, and one at a limit drawn uniformly from all that the
/// space can meet (<see cref="LimitPaths"/>) with the answers of the widest (<see cref="WeightUpdate.Sandwich"/>). One
/// step of the optimizer uses the sum of their gradients. The architecture parameters are not involved, so that weights
/// rank networks at every limit, not only at one (docs/decisions/sandwich.md).
/// </summary>
/// <param name="network">The weights.</param>
/// <param name="settings">The peak rate for messages.</param>
/// <param name="targets">The costs of networks on each target, at least one; paths are drawn for each in turn.</param>
/// <param name="loss">The loss to minimize.</param>
/// <param name="optimizer">Updates the weights.</param>
/// <param name="parallel">The processes that share the step.</param>
internal sealed class SandwichStep(
    SuperNetwork network,
    SearchSettings settings,
    IReadOnlyList<SpaceCost> targets,
    ClassificationLoss loss,
    SgdOptimizer optimizer,
    DataParallel parallel
) : IWeightStep
{
    private int[]? _widest;
    private LimitPaths[]? _paths;

    /// <inheritdoc/>
    public (double Loss, double Top1) Run(Tensor images, Tensor labels, long step, Random random, double rate)
    {
        _widest ??= network.Widest();
        _paths ??= [.. targets.Select(cost => new LimitPaths(cost, network.IsThere()))];
        int[] drawn = _paths[step % _paths.Length].Draw(random);
        NetworkTensor[] moved = [.. network.TensorsOf(_widest).Union(network.TensorsOf(drawn))];
        BatchShare share = loss.ShareOf(labels);
        using Tensor answers = Teach(images, labels, share, step, moved);
        using Tensor logits = network.Forward(images, drawn, NormPass.Training);
        using Tensor distilled = loss.OfAnswers(logits, answers, labels);
        using Tensor detached = logits.detach();
        using Tensor byLabels = loss.Of(detached, labels);
        var accuracy = new TopAccuracy();
        accuracy.Add(detached, labels);
        double[] means = [WithScalar.ToDouble(distilled), WithScalar.ToDouble(byLabels), accuracy.Top1];
        parallel.Average(means, share);
        ClassificationLoss.RequireFinite(means[0], step, settings.PeakRate);
        ClassificationLoss.RequireFinite(means[1], step, settings.PeakRate);
        parallel.Exchange(
            moved,
            share,
            completed => SharedGradients.RunLast(distilled, moved, network.TensorsOf(drawn), completed)
        );
        optimizer.Step(moved, rate);
        return (means[1], means[2]);
    }

    /// <inheritdoc/>
    public void Forget() => (_widest, _paths) = (null, null);

    /// <summary>
    /// Computes the gradients of the widest path with the labels, and the probabilities that it answers.
    /// </summary>
    private Tensor Teach(Tensor images, Tensor labels, BatchShare share, long step, NetworkTensor[] moved)
    {
        using Tensor logits = network.Forward(images, _widest!, NormPass.Training);
        using Tensor value = loss.Of(logits, labels);
        double lost = parallel.Average(WithScalar.ToDouble(value), share);
        ClassificationLoss.RequireFinite(lost, step, settings.PeakRate);
        BackwardPass.Run(value, moved);
        using Tensor detached = logits.detach();
        return nn.functional.softmax(detached, dim: 1);
    }
}
