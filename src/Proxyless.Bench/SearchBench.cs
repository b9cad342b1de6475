using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Search;

namespace Proxyless.Bench;

/// <summary>The cost of a whole search, from timed steps and counted operations.</summary>
internal sealed record SearchBenchResult
{
    /// <summary>Weight steps of the search.</summary>
    public required long WeightSteps { get; init; }

    /// <summary>Architecture steps of the search, over all its targets.</summary>
    public required long ArchitectureSteps { get; init; }

    /// <summary>Images per step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Images that the weights learn on.</summary>
    public required long Images { get; init; }

    /// <summary>
    /// Seconds per weight step on this machine; timed with at most 32 images and scaled in proportion.
    /// </summary>
    public required double WeightStepSeconds { get; init; }

    /// <summary>Seconds per architecture step, timed in the same way.</summary>
    public required double ArchitectureStepSeconds { get; init; }

    /// <summary>
    /// The most networks that are scored to choose one for each limit, and for the front: a limit near another takes
    /// half as many.
    /// </summary>
    public required long ScoredNetworks { get; init; }

    /// <summary>Seconds per score, timed in the same way.</summary>
    public required double ScoreSeconds { get; init; }

    /// <summary>Training steps of the networks with the best scores, over all limits.</summary>
    public required long FinalSteps { get; init; }

    /// <summary>Seconds per training step of them, timed in the same way.</summary>
    public required double FinalStepSeconds { get; init; }

    /// <summary>Bytes of the gradients that processes exchange after a weight step.</summary>
    public required double WeightStepBytes { get; init; }

    /// <summary>Bytes of the gradients of one network.</summary>
    public required double FinalStepBytes { get; init; }

    /// <summary>The same search on several machines like this one; empty if none were asked for.</summary>
    public IReadOnlyList<SearchOnRanks> Ranks { get; init; } = [];

    /// <summary>Hours on this machine.</summary>
    public double Hours =>
        (
            (WeightSteps * WeightStepSeconds)
            + (ArchitectureSteps * ArchitectureStepSeconds)
            + (ScoredNetworks * ScoreSeconds)
            + (FinalSteps * FinalStepSeconds)
        ) / 3600;

    /// <summary>
    /// Multiply-adds of the search. A weight step has those of the mean network of the space three times (forward,
    /// gradient of the inputs, gradient of the weights), and so has a step of the final round; an architecture step
    /// needs no gradient of weights, and computes forward passes of two candidates of a block (two-path), all of them
    /// (full-path), or one in each sampled network, without gradients (reinforce). A score is a forward pass of its
    /// images.
    /// </summary>
    public required double MultiplyAdds { get; init; }

    /// <summary>
    /// Hours that they would take on an NVIDIA V100 at its peak in single precision, 7.85e12 multiply-adds per second.
    /// </summary>
    public double V100HoursAtPeak => MultiplyAdds / SearchBench.V100MultiplyAddsPerSecond / 3600;

    /// <summary>
    /// V100 hours that the paper's search took (arXiv 1812.00332, table 3), for the published space and images.
    /// </summary>
    public double PaperGpuHours { get; init; } = 200;

    /// <summary>Share of a V100's peak at which this search takes as long as the paper's.</summary>
    public double ShareOfPeakForPaperHours => V100HoursAtPeak / PaperGpuHours;
}

/// <summary>Estimates the cost of a search before it is started.</summary>
internal static class SearchBench
{
    /// <summary>
    /// NVIDIA Tesla V100 SXM2: 15.7e12 floating point operations per second in single precision, two of them per
    /// multiply-add.
    /// </summary>
    internal const double V100MultiplyAddsPerSecond = 15.7e12 / 2;

    private const int MostImagesTimed = 32;
    private const int DefaultBatch = 32;
    private const int PassesOfWeightStep = 3;

    /// <summary>Times a weight and an architecture step on random images and counts the search's steps.</summary>
    /// <param name="options">
    /// Space, resolution, batch size, epochs, warm-up, interval, update, held-out share, separate weights, kernels,
    /// threads.
    /// </param>
    /// <param name="images">
    /// Training images, from which the held-out share is subtracted; null: those of <see cref="DataOptions.Path"/>.
    /// </param>
    /// <param name="steps">Number of steps to time of each kind.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="InvalidInputException">The options, the space or the data cannot be used.</exception>
    public static SearchBenchResult Measure(
        RunOptions options,
        long? images,
        int steps,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options is { Time: not null, Search.Epochs: null })
        {
            throw new InvalidInputException(
                "--time sets the time of the search; give --search-epochs instead to see how long they take"
            );
        }

        if (options.Device != "cpu")
        {
            observer.Warning(
                $"steps are timed on the processor, not on --device {options.Device}: look at the hours of a V100 below"
            );
        }

        RunContext? context = images is null ? RunContext.Open(options, observer, cancellationToken) : null;
        RunOptions resolved = context?.Options ?? options;
        int batch = context?.Loaders.BatchSize ?? options.Training.BatchSize ?? DefaultBatch;
        long learned =
            context?.Images.Weights.Count
            ?? images!.Value - (long)Math.Round(images.Value * options.Data.ValidationShare);
        long batches = learned / batch;
        if (batches == 0)
        {
            throw new InvalidInputException(
                $"--batch-size {batch} is more than the {learned} images that weights would learn on; make it smaller"
            );
        }

        long weightSteps = options.Search.Epochs is { } epochs
            ? Math.Max(1, (long)Math.Round(epochs * batches))
            : RunDefaults.SearchSteps(
                context?.Options
                    ?? throw new InvalidInputException(
                        "--images without --search-epochs leaves the length of the search open; give both"
                    ),
                batches
            );
        var plan = new SearchPlan(
            weightSteps,
            (long)(options.Search.WarmupShare * weightSteps),
            options.Search.ArchitectureInterval,
            options.Search.WeightUpdate
        );
        bool isSandwich = plan.WeightUpdate == WeightUpdate.Sandwich;
        var bench = new BenchOptions
        {
            Space = resolved.Search.Space ?? "imagenet-mobile",
            Resolution = resolved.Data.Resolution,
            Kernels = options.Kernels,
            SeparateWeights = options.Search.SeparateWeights,
            Batch = Math.Min(batch, MostImagesTimed),
            Steps = steps,
            Seed = options.Seed,
            Threads = options.Threads,
        };
        double proportion = (double)batch / bench.Batch;
        double drawn = proportion * Seconds(bench, BenchMode.Weight, observer, cancellationToken);
        double weight = isSandwich
            ? proportion * Seconds(bench, BenchMode.Sandwich, observer, cancellationToken)
            : drawn;
        double architecture = proportion * Seconds(bench, Mode(options.Search.Update), observer, cancellationToken);
        SearchSpace space = StepBench.Sized(bench);
        SpaceCost cost = SpaceCost.MultiplyAdds(space, context?.Classes ?? StepBench.Classes);
        SpaceCost parameters = SpaceCost.Parameters(space, context?.Classes ?? StepBench.Classes);

        // With shared weights the widest path contains the drawn one.
        double exchanged =
            !isSandwich ? parameters.EvenExpectation
            : options.Search.SeparateWeights ? parameters.Largest + parameters.EvenExpectation
            : parameters.Largest;
        double network = cost.EvenExpectation;
        double trained = network;
        if (isSandwich)
        {
            trained += cost.Largest;
        }
        else if (!options.Search.SeparateWeights && plan.WarmupSteps > 0)
        {
            double share = (double)plan.WarmupSteps / plan.WeightSteps;
            double[][] even = new ArchitectureParameters(
                space.Blocks().Select(block => block.Candidates.Count)
            ).Probabilities();
            double wider = cost.Expectation(new ChannelWarmup(space).Odds(even, ChannelWarmup.Middle));
            weight += share * ((proportion * Seconds(bench, BenchMode.Warmup, observer, cancellationToken)) - weight);
            trained += share * (wider - network);
        }

        double candidates = space.Blocks().Average(block => block.Candidates.Count);
        IReadOnlyList<RunPart> parts = RunParts.Of(options);
        int limits = parts.Count;
        long architectureSteps = plan.ArchitectureSteps * parts.DistinctBy(part => part.Target).Count();
        (long statistics, long judged) = PathScorer.ImagesOf(
            batch,
            batches,
            context?.Images.Architecture.Count ?? images!.Value - learned,
            space
        );
        long scored = (long)(RunDefaults.Evaluations(resolved) * RunDefaults.ScoresOverEvaluations(limits));
        long finalSteps = (long)(limits * RunDefaults.FinalStepsOverSteps(resolved) * weightSteps);
        double score =
            scored == 0
                ? 0
                : (
                    (Seconds(bench, BenchMode.Statistics, observer, cancellationToken) * statistics)
                    + (Seconds(bench, BenchMode.Score, observer, cancellationToken) * judged)
                ) / bench.Batch;
        return new SearchBenchResult
        {
            WeightSteps = weightSteps,
            ArchitectureSteps = architectureSteps,
            BatchSize = batch,
            Images = learned,
            WeightStepSeconds = weight,
            WeightStepBytes = sizeof(float) * exchanged,
            FinalStepBytes = sizeof(float) * parameters.EvenExpectation,
            ScoredNetworks = scored,
            ScoreSeconds = score,
            FinalSteps = finalSteps,
            FinalStepSeconds = drawn,
            ArchitectureStepSeconds = options.Search.Update
                is ArchitectureUpdate.Reinforce
                    or ArchitectureUpdate.LeaveOneOut
                ? architecture * options.Search.ReinforceSamples / StepBench.ReinforceSamples
                : architecture,
            MultiplyAdds =
                (
                    batch
                    * (
                        (((trained * weightSteps) + (network * finalSteps)) * PassesOfWeightStep)
                        + (network * Passes(options, candidates) * architectureSteps)
                    )
                ) + (network * scored * (statistics + judged)),
        };
    }

    /// <summary>The number of passes over the layers of one network that equals an architecture step.</summary>
    internal static double Passes(RunOptions options, double candidates) =>
        options.Search.Update switch
        {
            ArchitectureUpdate.TwoPath => 2 + 1,
            ArchitectureUpdate.FullPath => candidates + 1,
            _ => options.Search.ReinforceSamples,
        };

    private static BenchMode Mode(ArchitectureUpdate update) =>
        update switch
        {
            ArchitectureUpdate.TwoPath => BenchMode.TwoPath,
            ArchitectureUpdate.FullPath => BenchMode.FullPath,
            _ => BenchMode.Reinforce,
        };

    private static double Seconds(
        BenchOptions options,
        BenchMode mode,
        IRunObserver observer,
        CancellationToken cancellationToken
    ) => StepBench.Measure(options with { Mode = mode }, observer, cancellationToken).MedianMs / 1e3;
}
