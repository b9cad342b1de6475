using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Distributed;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>
/// Scores networks with the shared weights of a search: forward passes only, of as many images as a few training steps
/// take. The images are decoded once.
/// </summary>
internal sealed class PathScorer : IDisposable
{
    /// <summary>
    /// Batches whose statistics a score uses: with 1,280 small images they are known to a few percent.
    /// </summary>
    internal const int StatisticsBatches = 20;

    // More of them change the order of networks less than another training of the shared weights does.
    private const int MostImages = 5000;

    private readonly RunContext _context;
    private readonly SuperNetwork _network;
    private readonly ClassificationLoss _loss;
    private readonly List<Batch> _statistics;
    private readonly List<Batch> _judged;

    /// <summary>Decodes the images, for scores in this process alone.</summary>
    /// <param name="context">The images of the search.</param>
    /// <param name="network">The weights; not disposed of.</param>
    public PathScorer(RunContext context, SuperNetwork network)
        : this(OfOneProcess(context), network, BatchPart.Whole) { }

    private PathScorer(RunContext context, SuperNetwork network, BatchPart part)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(network);
        _context = context;
        _network = network;
        ImageSet held = context.Images.Architecture;
        _loss = new ClassificationLoss(0, context.ClassWeightsOf(held), context.Device);
        using BatchLoader training = context.Loaders.Training(context.Images.Weights, RandomUse.WeightImages);
        using BatchLoader judged = context.Loaders.Evaluation(held.Spread(MostJudged(context.Space)));
        _statistics = Own(training.Epoch(0, 0, context.CancellationToken).Take(StatisticsBatches), part);
        _judged = Own(judged.Epoch(0, 0, context.CancellationToken), part);
    }

    /// <summary>
    /// Decodes the images, for scores that all processes share: each takes every n-th batch, so that a score is that of
    /// one process, up to rounding.
    /// </summary>
    /// <inheritdoc cref="PathScorer(RunContext, SuperNetwork)"/>
    public static PathScorer Lead(RunContext context, SuperNetwork network)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(network);
        BatchPart part = SharedJob.Lead(
            context,
            () => new SharedDecision(network.Options.SharesWeights, network.IsThere()),
            parallel =>
            {
                parallel.TakeFromLeader(network.Tensors);
                return parallel.Part;
            }
        );
        return new PathScorer(context, network, part);
    }

    /// <summary>Decodes a process's share of the images.</summary>
    /// <param name="context">The images of the search.</param>
    /// <param name="network">The weights; not disposed of.</param>
    /// <param name="part">The process's share.</param>
    public static PathScorer Follow(RunContext context, SuperNetwork network, BatchPart part) =>
        new(OfOneProcess(context), network, part);

    /// <summary>Returns the number of images per score, for the statistics and for the score itself.</summary>
    /// <param name="batchSize">Images per training step.</param>
    /// <param name="batchesPerEpoch">Steps in which weights see every image once.</param>
    /// <param name="held">Images that no weight learns from.</param>
    /// <param name="space">The space, at the resolution and channels of the run.</param>
    public static (long Statistics, long Judged) ImagesOf(
        int batchSize,
        long batchesPerEpoch,
        long held,
        SearchSpace space
    ) => (Math.Min(StatisticsBatches, batchesPerEpoch) * batchSize, Math.Min(held, MostJudged(space)));

    /// <summary>The processes that share the scores.</summary>
    public ProcessGroup Group => _context.Group;

    /// <summary>The shared weights.</summary>
    public SuperNetwork Network => _network;

    /// <summary>Scores a network whose weights all exist.</summary>
    /// <param name="choice">A candidate for each block.</param>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public SharedScore Required(int[] choice) =>
        Of(choice) ?? throw new InvalidOperationException("a network that was pruned is no proposal");

    /// <summary>Scores a network.</summary>
    /// <param name="choice">A candidate for each block.</param>
    /// <returns>The score; null if the search has pruned some of the weights.</returns>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public SharedScore? Of(IReadOnlyList<int> choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (!_network.HasAll(choice))
        {
            return null;
        }

        return SharedJob.Lead(_context, () => new SharedScoring(choice), parallel => Of(choice, parallel));
    }

    /// <summary>A process's share of a score.</summary>
    /// <param name="choice">A candidate for each block; all their weights exist.</param>
    /// <param name="parallel">The processes.</param>
    /// <returns>The score.</returns>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public SharedScore Of(IReadOnlyList<int> choice, DataParallel parallel)
    {
        using CompactNetwork network = _network.Extract(choice);
        (double loss, double top1) = Judge(network, parallel);
        return new SharedScore([.. choice], loss, top1);
    }

    /// <summary>Evaluates a network on the same images, after its batch norms' statistics are re-estimated.</summary>
    /// <param name="network">The network; the statistics are overwritten.</param>
    /// <param name="parallel">The processes that share it.</param>
    /// <returns>The mean cross entropy, weighted as in training, and the share of correct answers.</returns>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public (double Loss, double Top1) Judge(CompactNetwork network, DataParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(parallel);
        using var withoutGraph = no_grad();
        NetworkEvaluator.ReestimateStatistics(network, _statistics, _context.CancellationToken);
        parallel.BeginStep();
        parallel.Average([.. network.Tensors.Where(tensor => !tensor.IsTrained)], BatchShare.Of(_statistics.Count));
        parallel.EndStep();
        var accuracy = new TopAccuracy();
        double sum = 0;
        double weight = 0;
        foreach (Batch batch in _judged)
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            using Tensor images = batch.Images.to(_context.Device);
            using Tensor labels = batch.Labels.to(_context.Device);
            using Tensor logits = network.Forward(images, NormPass.Evaluation);
            using Tensor value = _loss.Of(logits, labels);

            // Batches may be of one class: their means count as much as their images' weights.
            double share = _loss.ShareOf(labels).Weight;
            sum += share * WithScalar.ToDouble(value);
            weight += share;
            accuracy.Add(logits, labels);
        }

        parallel.BeginStep();
        double loss = parallel.Average(weight == 0 ? 0 : sum / weight, new BatchShare(weight, accuracy.Images));
        parallel.Sum(accuracy);

        // Within the step: all processes see it.
        if (!double.IsFinite(loss))
        {
            throw new TrainingDivergedException(
                Invariant($"the loss of a network with the shared weights is {loss}: the search has diverged; ")
                    + "search anew with a lower SearchOptions.LearningRate"
            );
        }

        parallel.EndStep();
        return (loss, accuracy.Top1);
    }

    /// <summary>Every n-th batch; the others are disposed of.</summary>
    private static List<Batch> Own(IEnumerable<Batch> batches, BatchPart part)
    {
        var own = new List<Batch>();
        foreach ((int index, Batch batch) in batches.Index())
        {
            if (index % part.Count == part.Index)
            {
                own.Add(batch);
            }
            else
            {
                batch.Dispose();
            }
        }

        return own;
    }

    private static RunContext OfOneProcess(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context with { Group = ProcessGroup.Alone };
    }

    private static int MostJudged(SearchSpace space) =>
        (int)Math.Min(MostImages, HeldImages.Most(space.Resolution, space.InputChannels));

    /// <inheritdoc/>
    public void Dispose()
    {
        _loss.Dispose();
        _statistics.ForEach(batch => batch.Dispose());
        _judged.ForEach(batch => batch.Dispose());
    }
}
