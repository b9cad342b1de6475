using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Comparisons;
using Proxyless.Data;
using Proxyless.FineTuning;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Bench;

/// <summary>One way to make a pretrained network faster, fine-tuned with several seeds.</summary>
internal sealed record NarrowBenchRow
{
    /// <summary>The way.</summary>
    public required string Name { get; init; }

    /// <summary>Latency by the table in milliseconds.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>Multiply-adds for one image.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>Share of correct answers on the test images, for each seed.</summary>
    public required IReadOnlyList<double> Top1 { get; init; }

    /// <summary>Welch's test against the uniformly thinned network; null for itself, or with one seed.</summary>
    public double? PValue { get; init; }
}

/// <summary>
/// Compares ways to make a pretrained network faster at one resolution: the choice of a run, and the same share of
/// hidden channels in every block; the weights of both are those of least squares.
/// </summary>
internal static class NarrowBench
{
    // So that a uniformly thinned network that just fits is close to half of the latency.
    private const int Shares = 100;
    private const double ShareOfLatency = 0.5;

    /// <summary>Finds the networks, fine-tunes them and evaluates them on the test images.</summary>
    /// <param name="options">Images, resolution, weights by name, target.</param>
    /// <param name="seeds">Trainings of each network.</param>
    /// <param name="steps">The most steps of a training.</param>
    /// <param name="observer">Receives progress reports and messages.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="InvalidInputException">The options, the weights or the data cannot be used.</exception>
    public static IReadOnlyList<NarrowBenchRow> Measure(
        RunOptions options,
        int seeds,
        int steps,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        PretrainedNetwork known = FineTuneOpening.NetworkOf(
            options,
            options.Training.Weights
                ?? throw new InvalidInputException("TrainingOptions.Weights is missing; give a name")
        );
        RunContext context = FineTuneOpening.OpenImages(
            options,
            known,
            null,
            new RunClock(TimeProvider.System),
            observer,
            cancellationToken
        );
        context = context.SpannedBy(FineTuneOpening.SizedFor(context, known));
        using CompactNetwork whole = FineTuneOpening.Load(known, context);
        using ITarget target = TargetFile.Open(options.Target.Name);
        SpaceCost cost = SearchGoal.Profile(context, target).ToSpaceCost(context.Space, context.Classes);
        using BatchLoader loader = context.Loaders.Evaluation(
            context.Images.Training.Spread(NetworkSpecializer.MostImages)
        );
        using var probe = new FeatureProbe(loader, context.Classes, null, options.Seed, _ => { }, cancellationToken);
        using var spanned = new SpannedNetwork(whole, probe.Images, _ => { }, cancellationToken);
        int[] nothing = new int[context.Space.Depth];
        int[] thinned = Thinned(context.Space, cost, ShareOfLatency * cost.Of(nothing));
        int[] chosen = GradualChoice
            .Find(spanned, [new CostLimit(cost, cost.Of(thinned))], _ => { }, cancellationToken)
            .Choice;
        (string Name, int[] Choice)[] ways = [("thinned uniformly", thinned), ("chosen", chosen), ("whole", nothing)];
        NarrowBenchRow RowOf(string name, int[] choice)
        {
            using CompactNetwork network = spanned.Super.Extract(choice);
            observer.Message(
                $"{name}: {string.Join(' ', network.Architecture.Blocks.Select(block => block.Operation))}"
            );
            return new NarrowBenchRow
            {
                Name = name,
                LatencyMs = cost.Of(choice),
                MultiplyAdds = ArchitectureCost.Of(network.Architecture).MultiplyAdds,
                Top1 = [.. Enumerable.Range(0, seeds).Select(seed => Tuned(context, network, seed, steps))],
            };
        }

        NarrowBenchRow[] rows = [.. ways.Select(way => RowOf(way.Name, way.Choice))];
        return [.. rows.Select(row => row with { PValue = PValueOf(row, rows[0]) })];
    }

    private static double? PValueOf(NarrowBenchRow row, NarrowBenchRow thinned) =>
        row == thinned ? null : WelchTest.Of(row.Top1, thinned.Top1)?.P;

    /// <summary>The same share of the hidden channels of every block; rounding errors do not accumulate.</summary>
    private static int[] Thinned(SearchSpace space, SpaceCost cost, double limit)
    {
        for (int share = Shares; share > 0; share--)
        {
            double owed = 0;
            int[] choice =
            [
                .. space
                    .Blocks()
                    .Select(block =>
                    {
                        Block whole = block.Candidates[0];
                        double wanted = ((double)share / Shares * whole.Operation.Expansion) + owed;
                        (int j, Block nearest) = block
                            .Candidates.Index()
                            .Where(one => one.Item.Operation.Kernel == whole.Operation.Kernel)
                            .MinBy(one => Math.Abs(one.Item.Operation.Expansion - wanted));
                        owed = wanted - nearest.Operation.Expansion;
                        return j;
                    }),
            ];
            if (cost.Of(choice) <= limit)
            {
                return choice;
            }
        }

        throw new InvalidInputException("no uniformly thinned network takes half of the whole network's latency");
    }

    private static double Tuned(RunContext context, CompactNetwork network, int seed, int steps)
    {
        RunContext seeded = context.Reseeded(context.TrainingSeed + seed, context.Clock);
        var tuner = new FineTuner(seeded, network, context.Images.Training, decides: false, steps);
        using CompactNetwork tuned = tuner.Begin(tuner.All, network.Blocks.Count + 1);
        tuner.Train(tuned, tuner.All);
        using BatchLoader test = context.Loaders.Evaluation(context.Images.Test);
        TopAccuracy accuracy = NetworkEvaluator.Evaluate(tuned, test, context.Observer, context.CancellationToken);
        context.Observer.Message(
            string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed}: {accuracy.Top1:P2} of {accuracy.Images} test images"
            )
        );
        return accuracy.Top1;
    }
}
