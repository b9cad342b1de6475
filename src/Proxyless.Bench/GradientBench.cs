using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>How well the gradient of one update agrees with measured differences of the loss.</summary>
internal sealed record GradientBenchRow
{
    /// <summary>The update.</summary>
    public required ArchitectureUpdate Update { get; init; }

    /// <summary>Mean time of a step.</summary>
    public required double MillisecondsPerStep { get; init; }

    /// <summary>
    /// Pearson's correlation of its mean gradient with the reference, over all candidates of all blocks.
    /// </summary>
    public required double Correlation { get; init; }

    /// <summary>
    /// Mean over the blocks of the change of the loss by choosing an operation, according to the update's gradient, by
    /// operation.
    /// </summary>
    public required IReadOnlyDictionary<string, double> LossByOperation { get; init; }
}

/// <summary>How well gradients of architecture parameters agree with measured differences of the loss.</summary>
internal sealed record GradientBenchResult
{
    /// <summary>Architectures in which every candidate was put in its block.</summary>
    public required int Contexts { get; init; }

    /// <summary>Steps of each update.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// Correlation of the reference from one half of the contexts with that from the other: an estimate of its noise.
    /// </summary>
    public required double ReferenceCorrelation { get; init; }

    /// <summary>The measured change of the loss by operation, mean over the blocks.</summary>
    public required IReadOnlyDictionary<string, double> LossByOperation { get; init; }

    /// <summary>The updates.</summary>
    public required IReadOnlyList<GradientBenchRow> Rows { get; init; }
}

/// <summary>
/// Compares the gradients of the updates at uniform probabilities with their reference: dE[L]/dalpha_ij = p_ij (E[L |
/// path_i = j] - E[L]), the expectation over the paths of all other blocks, which is measured by putting every
/// candidate of every block in its place in drawn architectures.
/// </summary>
internal static class GradientBench
{
    private const double LabelSmoothing = 0.1;

    /// <summary>
    /// Measures with the shared weights of a finished search, preferably one of uniformly drawn paths that has pruned
    /// nothing.
    /// </summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="contexts">Architectures in which candidates are compared, at least 2.</param>
    /// <param name="steps">Steps of each update.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="InvalidInputException">
    /// The run is not a finished search, has pruned candidates, or its data is missing.
    /// </exception>
    public static GradientBenchResult Measure(
        string run,
        int contexts,
        int steps,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(observer);
        ArgumentOutOfRangeException.ThrowIfLessThan(contexts, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        RunDirectory directory = RunDirectory.Open(run);
        IReadOnlyList<SearchEpoch> log = SearchedNetwork.RequireFinished(new RunStore(directory));
        var context = RunContext.Open(RunConfigFile.Read(directory.Config), observer, cancellationToken);
        using SuperNetwork network = SearchedNetwork.Open(context, directory, log);
        if (network.Blocks.Any(block => block.Candidates.Any(candidate => candidate is null)))
        {
            throw new InvalidInputException(
                $"'{run}' has pruned candidates, so their losses cannot be compared; search with --prune-threshold 0"
            );
        }

        using BatchLoader held = context.Loaders.Training(context.Images.Architecture, RandomUse.ArchitectureImages);
        using var loss = new ClassificationLoss(LabelSmoothing, null, context.Device);
        using var batches = new EndlessBatches(held, 0);
        var work = new Work(network, loss, context.Options.Seed, batches, cancellationToken);
        ArchitectureUpdate[] updates =
        [
            ArchitectureUpdate.TwoPath,
            ArchitectureUpdate.FullPath,
            ArchitectureUpdate.LeaveOneOut,
        ];
        var progress = new Progress(observer, "bench", 0, contexts + (updates.Length * steps));
        double[][][] references =
        [
            .. Enumerable
                .Range(0, contexts)
                .Select(c => work.Run(c, work.Replacements, () => progress.Report(c + 1, "measured differences"))),
        ];
        double[][] reference = Mean(references);
        return new GradientBenchResult
        {
            Contexts = contexts,
            Steps = steps,
            ReferenceCorrelation = Pearson(Mean(references[..(contexts / 2)]), Mean(references[(contexts / 2)..])),
            LossByOperation = ByOperation(context.Space, reference),
            Rows =
            [
                .. updates.Select(
                    (update, u) =>
                    {
                        long start = Stopwatch.GetTimestamp();
                        double[][] gradient = Mean([
                            .. Enumerable
                                .Range(0, steps)
                                .Select(s =>
                                    work.Run(
                                        contexts + (u * steps) + s,
                                        (images, labels, random) =>
                                            work.Gradient(
                                                update,
                                                context.Options.Search.ReinforceSamples,
                                                images,
                                                labels,
                                                random
                                            ),
                                        () => progress.Report(contexts + (u * steps) + s + 1, update.ToString())
                                    )
                                ),
                        ]);
                        return new GradientBenchRow
                        {
                            Update = update,
                            MillisecondsPerStep = Stopwatch.GetElapsedTime(start).TotalMilliseconds / steps,
                            Correlation = Pearson(gradient, reference),
                            LossByOperation = ByOperation(context.Space, gradient),
                        };
                    }
                ),
            ],
        };
    }

    /// <summary>
    /// A gradient as changes of the loss, dL/dalpha_ij over p_ij, averaged over the blocks that have the operation.
    /// </summary>
    private static SortedDictionary<string, double> ByOperation(SearchSpace space, double[][] gradient) =>
        new(
            space
                .Blocks()
                .SelectMany(
                    (block, i) =>
                        block.Candidates.Select(
                            (candidate, j) =>
                                (Name: candidate.Operation.ToString(), Change: gradient[i][j] * block.Candidates.Count)
                        )
                )
                .GroupBy(one => one.Name, one => one.Change)
                .ToDictionary(group => group.Key, group => group.Average()),
            StringComparer.Ordinal
        );

    private static double[][] Mean(double[][][] gradients) =>
        [
            .. gradients[0]
                .Select((block, i) => block.Select((_, j) => gradients.Average(gradient => gradient[i][j])).ToArray()),
        ];

    private static double Pearson(double[][] first, double[][] second)
    {
        // Each block's entries sum to 0, so the means over all are 0.
        double product = 0,
            squaresOfFirst = 0,
            squaresOfSecond = 0;
        foreach ((double x, double y) in first.SelectMany(block => block).Zip(second.SelectMany(block => block)))
        {
            product += x * y;
            squaresOfFirst += x * x;
            squaresOfSecond += y * y;
        }

        return product / Math.Sqrt(squaresOfFirst * squaresOfSecond);
    }

    private sealed class Work(
        SuperNetwork network,
        ClassificationLoss loss,
        int seed,
        EndlessBatches batches,
        CancellationToken cancellationToken
    )
    {
        private readonly ArchitectureParameters _parameters = new(
            network.Blocks.Select(block => block.Candidates.Count)
        );

        public double[][] Run(int number, Func<Tensor, Tensor, Random, double[][]> measure, Action done)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using Batch batch = batches.Next();
            using Tensor pixels = batch.Images.to(network.Options.Device);
            using Tensor labels = batch.Labels.to(network.Options.Device);
            double[][] gradient = measure(pixels, labels, SeedSequence.At(seed, RandomUse.ArchitecturePaths, number));
            done();
            return gradient;
        }

        /// <summary>p_ij (L with path_i = j - mean over j of it) in one drawn architecture.</summary>
        public double[][] Replacements(Tensor pixels, Tensor labels, Random random)
        {
            int[] path = _parameters.SampleUniformly(random);
            return
            [
                .. network.Blocks.Select(
                    (block, i) =>
                    {
                        int count = block.Candidates.Count;
                        double[] losses =
                        [
                            .. Enumerable
                                .Range(0, count)
                                .Select(j => Loss([.. path[..i], j, .. path[(i + 1)..]], pixels, labels)),
                        ];
                        return ArchitectureGradients.ThroughSoftmax(losses, [.. Enumerable.Repeat(1.0 / count, count)]);
                    }
                ),
            ];
        }

        public double[][] Gradient(ArchitectureUpdate update, int samples, Tensor pixels, Tensor labels, Random random)
        {
            double[][] p = _parameters.Probabilities();
            if (update == ArchitectureUpdate.LeaveOneOut)
            {
                int[][] paths = [.. Enumerable.Range(0, samples).Select(_ => _parameters.Sample(random))];
                return ArchitectureGradients.LeaveOneOut(
                    paths,
                    [.. paths.Select(path => Loss(path, pixels, labels))],
                    p
                );
            }

            using GatePass pass = GatePass.Run(network, _parameters.Sample(random), pixels, labels, loss);
            return
            [
                .. p.Select(
                    (probabilities, i) =>
                    {
                        if (probabilities.Length == 1)
                        {
                            return [0.0];
                        }

                        if (update == ArchitectureUpdate.FullPath)
                        {
                            return ArchitectureGradients.ThroughSoftmax(
                                [.. probabilities.Select((_, j) => pass.GateGradient(i, j))],
                                probabilities
                            );
                        }

                        int active = pass.Path[i];
                        int other = random.Next(probabilities.Length - 1);
                        other += other >= active ? 1 : 0;
                        double pa = probabilities[active],
                            pb = probabilities[other];
                        var gradient = new double[probabilities.Length];
                        gradient[active] =
                            ArchitectureGradients.OfPair(
                                pass.GateGradient(i, active),
                                pass.GateGradient(i, other),
                                pa,
                                pb
                            ) * ArchitectureGradients.PairCorrection(pa, pb);
                        gradient[other] = -gradient[active];
                        return gradient;
                    }
                ),
            ];
        }

        private double Loss(int[] path, Tensor pixels, Tensor labels) =>
            PathScore.Of(network, path, pixels, labels, loss, DataParallel.Alone).CrossEntropy;
    }
}
