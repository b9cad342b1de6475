using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.FineTuning;
using Proxyless.Latency;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>
/// Finds the network within the limits that keeps most of what a pretrained network computes. At each of several
/// resolutions it finds the choice in the space that the network spans (<see cref="SpannedNetwork"/>) with the smallest
/// error (<see cref="GradualChoice"/>); among the resolutions it takes the one whose features classify the images best
/// (<see cref="FeatureProbe"/>; docs/decisions/specialization.md).
/// </summary>
/// <param name="context">The context of fine-tuning, at the highest resolution.</param>
/// <param name="whole">The network with its weights, at that resolution; not disposed of.</param>
/// <param name="tables">The latency tables of the target.</param>
internal sealed class NetworkSpecializer(RunContext context, CompactNetwork whole, SpannedTables tables)
{
    // The resolutions, as fractions of the highest: at three sevenths of it a network takes a fifth of the time.
    private const int Sevenths = 7;
    private const int FewestSevenths = 3;
    private const int ResolutionStep = 16;

    // A table is off by less than this: a whole network that is over the limit by its sum may be within it.
    private const double TableError = 1.05;

    // exp(-700) is above 0, and a candidate of probability 0 would never be chosen.
    private const double MostError = 700;

    private readonly Dictionary<(int Resolution, int Blocks), SearchGoal?> _goals = [];
    private ProxylessException? _notMet;

    /// <summary>Finds the tables and checks the limits.</summary>
    /// <returns>The goal at the highest resolution that has a network within the limits.</returns>
    /// <exception cref="LimitNotMetException">No resolution has one.</exception>
    public SearchGoal Require() => GoalsOf(whole.Blocks.Count + 1)[0].Goal;

    /// <summary>Whether the sum of the parts of a network of this many blocks can be within the limits.</summary>
    public bool Has(int blocks) => Goals(blocks).Length > 0;

    /// <summary>
    /// About the time of a training step of a network within the limits, over that of the whole network at the highest
    /// resolution: the ratio of their latencies, and pixels where that resolution is too slow.
    /// </summary>
    public double ShareOfWork()
    {
        (RunContext at, SearchGoal goal) = GoalsOf(whole.Blocks.Count + 1)[0];
        double latency = goal.Table.ToSpaceCost(at.Space, at.Classes).Of(new int[at.Space.Depth]);
        double side = (double)at.Space.Resolution / context.Space.Resolution;
        return side * side * Math.Min(1, goal.LatencyMs / latency);
    }

    /// <summary>Finds the network.</summary>
    /// <param name="images">The images.</param>
    /// <param name="among">Those to choose on, by their numbers.</param>
    /// <param name="blocks">
    /// Number of blocks that are kept; one more than there are: all of them, and the last convolution.
    /// </param>
    /// <exception cref="LimitNotMetException">No network of this many blocks is within the limits.</exception>
    public SpecializedNetwork Find(ImageSet images, IReadOnlyList<int> among, int blocks)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(among);
        (RunContext Context, SearchGoal Goal)[] goals = GoalsOf(blocks);
        // As many at each resolution: a classifier of fewer images has a larger loss.
        int most = NarrowingImages.MostAt(goals.Max(goal => goal.Context.Space.Resolution));
        SpecializedNetwork? best = null;
        double least = double.PositiveInfinity;
        foreach ((RunContext at, SearchGoal goal) in goals)
        {
            using NarrowingImages some = Load(at, images, among, most);
            SpecializedNetwork? unchanged = Unchanged(at, goal, some.Probe, blocks);
            if (best is null && unchanged is not null)
            {
                return unchanged;
            }

            if ((unchanged ?? Propose(at, goal, some, blocks)) is not { } made)
            {
                continue;
            }

            double loss = goals.Length > 1 ? LossOf(made, some.Probe, blocks) : 0;
            if (best is null || loss < least)
            {
                best?.Network.Dispose();
                (best, least) = (made, loss);
            }
            else
            {
                made.Network.Dispose();
            }

            if (unchanged is not null)
            {
                // Lower resolutions need no smaller network either.
                break;
            }
        }

        return best ?? throw _notMet!;
    }

    /// <summary>Makes the weights of a network that was found from other images; its choice is the same.</summary>
    /// <param name="found">The network.</param>
    /// <param name="images">The images.</param>
    /// <param name="among">Those to fit to, by their numbers.</param>
    /// <returns>The network, which the receiver disposes of; null if no image had a part in its weights.</returns>
    public CompactNetwork? Refitted(SpecializedNetwork found, ImageSet images, IReadOnlyList<int> among)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(among);
        if (!found.IsFitted)
        {
            return null;
        }

        RunContext at = found.Context;
        using NarrowingImages some = Load(at, images, among, NarrowingImages.MostAt(at.Space.Resolution));
        using CompactNetwork start = StartOf(at.Space.Resolution, found.Blocks, some.Probe);
        var progress = new Progress(at.Observer, "fit", 0, start.Blocks.Count, Progress.Unreported);
        return SpannedWeights.OfOne(
            start,
            some.All,
            found.Chosen.Choice,
            done => progress.Report(done, "blocks"),
            at.CancellationToken
        );
    }

    private static IEnumerable<int> Resolutions(int highest) =>
        Enumerable
            .Range(0, Sevenths - FewestSevenths + 1)
            .Select(less => highest * (Sevenths - less) / Sevenths)
            .Select(side =>
                side == highest ? side : Math.Max(1, (side + (ResolutionStep / 2)) / ResolutionStep) * ResolutionStep
            )
            .Where(side => side <= highest)
            .Distinct();

    /// <summary>
    /// The goals from the highest resolution with a network within the limits to the one where nothing must be left
    /// out.
    /// </summary>
    private (RunContext Context, SearchGoal Goal)[] GoalsOf(int blocks) =>
        Goals(blocks) is { Length: > 0 } goals ? goals : throw _notMet!;

    private (RunContext Context, SearchGoal Goal)[] Goals(int blocks)
    {
        var goals = new List<(RunContext, SearchGoal)>();
        foreach (int resolution in Resolutions(whole.Architecture.Resolution))
        {
            Architecture architecture = ArchitectureOf(resolution, blocks);
            RunContext at = context.SpannedBy(architecture);
            if (!_goals.TryGetValue((resolution, blocks), out SearchGoal? goal))
            {
                goal = GoalOf(at, blocks);
                _goals.Add((resolution, blocks), goal);
            }

            if (goal is null)
            {
                continue;
            }

            goals.Add((at, goal));
            int[] nothing = new int[architecture.Blocks.Count];
            if (goal.Limits.All.All(limit => limit.Allows(nothing)))
            {
                break;
            }
        }

        return [.. goals];
    }

    private SearchGoal? GoalOf(RunContext at, int blocks)
    {
        try
        {
            return SearchGoal.Of(at, tables.Target, tables.Of(at, blocks));
        }
        catch (ProxylessException exception)
            when (exception is LimitNotMetException
                || (exception is InvalidInputException && tables.Target is TableTarget)
            )
        {
            // A target that is a table may lack the parts of a resolution, or of a shorter network; that a limit is
            // not met elsewhere is the better reason.
            _notMet = _notMet is LimitNotMetException ? _notMet : exception;
            return null;
        }
    }

    private Architecture ArchitectureOf(int resolution, int blocks)
    {
        Architecture architecture = whole.Architecture.WithInput(
            resolution,
            whole.Architecture.InputChannels,
            context.Classes
        );
        return blocks <= whole.Blocks.Count ? architecture.FirstBlocks(blocks) : architecture;
    }

    /// <summary>
    /// The network with nothing left out, if it is measured within the limits: then no table decides, and nothing is
    /// fitted.
    /// </summary>
    private SpecializedNetwork? Unchanged(RunContext at, SearchGoal goal, FeatureProbe probe, int blocks)
    {
        int resolution = at.Space.Resolution;
        int[] nothing = new int[at.Space.Depth];
        double predicted = goal.Latency.Cost.Of(nothing);
        if (predicted > TableError * goal.LatencyMs || !goal.Limits.Others.All(limit => limit.Allows(nothing)))
        {
            return null;
        }

        MeasuredChoice measured = new MeasuredDerivation(at.Space, at.Classes, goal, at.Observer).Measure(
            nothing,
            predicted,
            at.CancellationToken
        );
        bool within = goal.Latency.Allows(measured.MeasuredMs);
        at.Observer.Message(
            Invariant($"at {resolution}x{resolution} with nothing left out: ")
                + $"{MillisecondText.Of(measured.MeasuredMs)} ms, limit {MillisecondText.Of(goal.LatencyMs)} ms"
                + (within ? "" : ": over")
        );
        return within
            ? new SpecializedNetwork(
                at,
                StartOf(resolution, blocks, probe),
                ArchitectureOf(resolution, blocks),
                goal,
                measured,
                blocks
            )
            : null;
    }

    private SpecializedNetwork? Propose(RunContext at, SearchGoal goal, NarrowingImages images, int blocks)
    {
        int resolution = at.Space.Resolution;
        using CompactNetwork start = StartOf(resolution, blocks, images.Probe);
        var progress = new Progress(
            at.Observer,
            Invariant($"narrow at {resolution}x{resolution}"),
            0,
            start.Blocks.Count + GradualChoice.MostSteps,
            Progress.Unreported
        );
        using var spanned = new SpannedNetwork(
            start,
            images.All,
            images.Probe.Images,
            done => progress.Report(done, "blocks"),
            at.CancellationToken
        );
        var choice = GradualChoice.Find(
            spanned,
            goal.Limits.All,
            done => progress.Report(start.Blocks.Count + done, "errors"),
            at.CancellationToken
        );
        progress.Report(start.Blocks.Count + GradualChoice.MostSteps, "errors");
        try
        {
            MeasuredChoice chosen = new MeasuredDerivation(at.Space, at.Classes, goal, at.Observer).Derive(
                [
                    .. choice.Errors.Select(block =>
                        block.Select(error => Math.Exp(-Math.Min(error, MostError))).ToArray()
                    ),
                ],
                at.CancellationToken
            );
            return new SpecializedNetwork(
                at,
                spanned.Super.Extract(chosen.Choice),
                ArchitectureOf(resolution, blocks),
                goal,
                chosen,
                blocks
            );
        }
        catch (LimitNotMetException exception)
        {
            _notMet = exception.Saying(
                $"the fastest network that was found takes {MillisecondText.AtLeast(exception.Least ?? 0)} ms, over "
                    + $"the limit of {MillisecondText.Of(exception.Limit ?? 0)} ms; raise TargetOptions.LatencyMs"
            );
            return null;
        }
    }

    private static double LossOf(SpecializedNetwork found, FeatureProbe probe, int blocks)
    {
        RunContext at = found.Context;
        double loss = probe.LossOf(found.Network, blocks, at.CancellationToken);
        at.Observer.Message(
            Invariant($"at {at.Space.Resolution}x{at.Space.Resolution}: ")
                + $"{MillisecondText.Of(found.Chosen.MeasuredMs)} ms, "
                + Invariant($"loss of a classifier of its features {loss:F3}, cross-validated")
        );
        return loss;
    }

    private static NarrowingImages Load(RunContext at, ImageSet images, IReadOnlyList<int> among, int most)
    {
        int[] some = [.. among];
        new SplitMix64(at.Options.Seed).Shuffle(some);
        return new NarrowingImages(at, images.Subset(some.Take(most)), most);
    }

    /// <summary>The whole network at a resolution, or its first blocks.</summary>
    private CompactNetwork StartOf(int resolution, int blocks, FeatureProbe probe)
    {
        CompactNetwork network = whole.At(resolution);
        if (blocks > network.Blocks.Count)
        {
            return network;
        }

        using (network)
        {
            // Only the magnitude of its features is needed.
            var features = new NetworkFeatures(network, network.Blocks.Count + 2 - blocks);
            using var withoutGraph = no_grad();
            foreach (Tensor batch in probe.Images)
            {
                int count = (int)batch.shape[0];
                features.Add(batch, new long[count], new int[count]);
            }

            int width = network.Blocks[blocks - 1].Block.OutputWidth;
            var nothing = new LinearClassifier(new float[context.Classes * width], new float[context.Classes]);
            return ClassifierOnFeatures.Create(features, blocks, nothing);
        }
    }
}
