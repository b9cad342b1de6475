using Proxyless.Architectures;
using Proxyless.Comparisons;
using Proxyless.FineTuning;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Search;

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

    /// <summary>Latency on the other target by its table, in milliseconds; null without one.</summary>
    public double? OtherLatencyMs { get; init; }

    /// <summary>
    /// Share of the variance of the whole network's features over test images that is lost before any training, at
    /// least 0.
    /// </summary>
    public required double FeatureLoss { get; init; }

    /// <summary>Share of correct answers on the test images, for each seed.</summary>
    public required IReadOnlyList<double> Top1 { get; init; }

    /// <summary>The same as an integer model; null if the other target is none for integer models.</summary>
    public IReadOnlyList<double>? Top1OfIntegers { get; init; }

    /// <summary>
    /// Welch's test against the first network, of the integer models if there are; null for itself, or with one seed.
    /// </summary>
    public double? PValue { get; init; }
}

/// <summary>
/// Compares ways to make a pretrained network faster at one resolution: the choice of a run, and either the same share
/// of hidden channels in every block, or the choice for another target. All weights are those of least squares.
/// </summary>
internal static class NarrowBench
{
    // So that a uniformly thinned network that just fits is close to half of the latency.
    private const int Shares = 100;
    private const double ShareOfLatency = 0.5;

    /// <summary>
    /// Finds the networks, fine-tunes them and evaluates them on the test images. If a teacher is asked for, each
    /// seed's whole network is that of the seed's others.
    /// </summary>
    /// <param name="options">Images, resolution, weights by name, target, and whether there is a teacher.</param>
    /// <param name="other">
    /// Another target, by name: the choice for it is compared, at the latency there of the choice for the first; null
    /// for uniform thinning.
    /// </param>
    /// <param name="seeds">Trainings of each network.</param>
    /// <param name="steps">The most steps of a training.</param>
    /// <param name="observer">Receives progress reports and messages.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="InvalidInputException">The options, the weights or the data cannot be used.</exception>
    public static IReadOnlyList<NarrowBenchRow> Measure(
        RunOptions options,
        string? other,
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
        using ITarget? otherTarget = other is null ? null : TargetFile.Open(other);
        SpaceCost? otherCost = otherTarget is null
            ? null
            : SearchGoal.Profile(context, otherTarget).ToSpaceCost(context.Space, context.Classes);
        int most = NarrowingImages.MostAt(context.Space.Resolution);
        using var images = new NarrowingImages(context, context.Images.Training.Spread(most), most);
        using var spanned = new SpannedNetwork(whole, images.All, images.Probe.Images, _ => { }, cancellationToken);
        int[] Chosen(SpaceCost limited, double limit) =>
            GradualChoice.Find(spanned, [new CostLimit(limited, limit)], _ => { }, cancellationToken).Choice;
        using var lost = new FeatureLoss(context, whole);
        int[] nothing = new int[context.Space.Depth];
        int[] thinned = Thinned(context.Space, cost, ShareOfLatency * cost.Of(nothing));
        int[] chosen = Chosen(cost, cost.Of(thinned));
        (string Name, int[] Choice)[] ways = otherCost is null
            ? [("thinned uniformly", thinned), ("chosen", chosen), ("whole", nothing)]
            :
            [
                ($"chosen for {target.Name}", chosen),
                ($"chosen for {otherTarget!.Name}", Chosen(otherCost, otherCost.Of(chosen))),
            ];
        var tuning = new NarrowTuning(
            context,
            steps,
            otherTarget is IModelTimer { TimesIntegers: true }
                ? QuantizeImages.Of(context, QuantizeOptions.UsualCalibrationImages)
                : null
        );
        CompactNetwork[] teachers = options.Training.Teacher
            ? TrainedBy(tuning, spanned.Super.Extract(nothing), seeds, observer)
            : [];
        NarrowBenchRow RowOf(string name, int[] choice)
        {
            using CompactNetwork network = spanned.Super.Extract(choice);
            observer.Message(
                $"{name}: {string.Join(' ', network.Architecture.Blocks.Select(block => block.Operation))}"
            );
            (double Floats, double? Integers) Top1Of(int seed)
            {
                // The whole network learns the labels: it is the teacher.
                CompactNetwork? teacher = teachers.ElementAtOrDefault(seed);
                if (choice.SequenceEqual(nothing) && teacher is not null)
                {
                    return tuning.Top1Of(teacher, seed);
                }

                using CompactNetwork tuned = tuning.Tuned(network, seed, teacher);
                return tuning.Top1Of(tuned, seed);
            }

            (double Floats, double? Integers)[] top1 = [.. Enumerable.Range(0, seeds).Select(Top1Of)];
            return new NarrowBenchRow
            {
                Name = name,
                LatencyMs = cost.Of(choice),
                OtherLatencyMs = otherCost?.Of(choice),
                MultiplyAdds = ArchitectureCost.Of(network.Architecture).MultiplyAdds,
                FeatureLoss = lost.Of(network),
                Top1 = [.. top1.Select(own => own.Floats)],
                Top1OfIntegers = top1[0].Integers is null ? null : [.. top1.Select(own => own.Integers!.Value)],
            };
        }

        NarrowBenchRow[] rows;
        try
        {
            rows = [.. ways.Select(way => RowOf(way.Name, way.Choice))];
        }
        finally
        {
            Array.ForEach(teachers, teacher => teacher.Dispose());
        }

        return [.. rows.Select(row => row with { PValue = PValueOf(row, rows[0]) })];
    }

    private static CompactNetwork[] TrainedBy(
        NarrowTuning tuning,
        CompactNetwork whole,
        int seeds,
        IRunObserver observer
    )
    {
        using CompactNetwork owned = whole;
        observer.Message("teachers: the whole network, with each seed");
        return [.. Enumerable.Range(0, seeds).Select(seed => tuning.Tuned(whole, seed, teacher: null))];
    }

    private static double? PValueOf(NarrowBenchRow row, NarrowBenchRow first) =>
        row == first ? null : WelchTest.Of(Judged(row), Judged(first))?.P;

    private static IReadOnlyList<double> Judged(NarrowBenchRow row) => row.Top1OfIntegers ?? row.Top1;

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
}
