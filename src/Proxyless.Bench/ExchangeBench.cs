using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Distributed;
using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>
/// What sharing a step costs: each process makes the same steps with its own images, in turn alone, while the others do
/// the same, with the exchange of gradients at the end, and with the exchange beside the backward pass. All processes
/// run it.
/// </summary>
public static class ExchangeBench
{
    // Of kernels, caches and the allocator.
    private const int WarmUp = 2;
    private const int Exchanges = 5;
    private const double Rate = 1e-3;

    private static readonly string[] Kinds = ["single-path", "sandwich", "two-path"];

    /// <summary>Measures the steps.</summary>
    /// <param name="group">The processes; with one, the ratio shows what differs by chance.</param>
    /// <param name="space">The space.</param>
    /// <param name="classes">Outputs of the classifier.</param>
    /// <param name="batch">Images per step of each process.</param>
    /// <param name="steps">Steps of each sort to time, at least 6.</param>
    /// <param name="link">A link between the processes that is simulated; null for what connects them.</param>
    /// <param name="observer">Receives progress.</param>
    /// <returns>A result for each kind of step, the same in every process.</returns>
    internal static IReadOnlyList<ExchangeBenchResult> Measure(
        ProcessGroup group,
        SearchSpace space,
        int classes,
        int batch,
        int steps,
        Link? link,
        IRunObserver observer
    )
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(space);
        ThreadCount.OfLibtorch(null, observer);
        try
        {
            return MeasureAll(group, space, classes, batch, steps, link, observer);
        }
        catch
        {
            // The others wait in a collective operation.
            group.IsBroken = group.Size > 1;
            throw;
        }
    }

    private static List<ExchangeBenchResult> MeasureAll(
        ProcessGroup group,
        SearchSpace space,
        int classes,
        int batch,
        int steps,
        Link? link,
        IRunObserver observer
    )
    {
        ICommunicator communicator = link is null ? group.Communicator : new SimulatedLink(group.Communicator, link);
        using var parallel = new DataParallel(communicator, overlaps: false);
        using var overlapping = new DataParallel(communicator, overlaps: true);
        using var network = new SuperNetwork(space, classes, new NetworkOptions { Seed = 1 });
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using Tensor images = randn([batch, space.InputChannels, space.Resolution, space.Resolution]);
        using Tensor labels = randint(classes, [batch], int64);
        var progress = new Progress(observer, "exchange", 0, Kinds.Length * (long)(WarmUp + steps));
        long done = 0;
        var results = new List<ExchangeBenchResult>();
        foreach (string kind in Kinds)
        {
            using var optimizer = new SgdOptimizer();
            Action<int> Steps(DataParallel by) => StepsOf(kind, network, loss, optimizer, images, labels, by);
            Action<int>[] sorts = [Steps(DataParallel.Alone), Steps(parallel), Steps(overlapping)];
            List<double>[] times =
            [
                [],
                [],
                [],
            ];
            for (int i = 0; i < WarmUp + steps; i++)
            {
                for (int sort = 0; sort < sorts.Length; sort++)
                {
                    double milliseconds = Milliseconds(group, sorts[sort], i);
                    if (i >= WarmUp)
                    {
                        times[sort].Add(milliseconds);
                    }
                }

                progress.Report(++done, kind);
            }

            (double exchangeMs, long bytes) = Exchange(kind, group, parallel, network);
            results.Add(
                new ExchangeBenchResult
                {
                    Step = kind,
                    AloneMs = SampleStatistics.Median(times[0]),
                    Shared = Shared(times[1], times[0]),
                    Overlapped = Shared(times[2], times[0]),
                    ExchangeMs = exchangeMs,
                    ExchangeBytes = bytes,
                }
            );
        }

        return results;
    }

    private static SharedStepTime Shared(IReadOnlyList<double> shared, IReadOnlyList<double> alone)
    {
        double[] ratios = [.. shared.Zip(alone, (together, own) => together / own).Order()];
        double median = SampleStatistics.Median(ratios);
        double reach = median * SampleStatistics.MedianUncertainty(ratios);
        return new SharedStepTime(SampleStatistics.Median(shared), median, [median - reach, median + reach]);
    }

    private static Action<int> StepsOf(
        string kind,
        SuperNetwork network,
        ClassificationLoss loss,
        SgdOptimizer optimizer,
        Tensor images,
        Tensor labels,
        DataParallel parallel
    )
    {
        var parameters = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count));
        var settings = new SearchSettings
        {
            Plan = new SearchPlan(1, 0, 1),
            LearningRate = Rate,
            ArchitectureRate = Rate,
        };
        if (kind == "two-path")
        {
            var architecture = ArchitectureStep.WithoutLimits(network, parameters, loss, parallel);
            return i => architecture.Run(ArchitectureUpdate.TwoPath, images, labels, new Random(i), Rate);
        }

        var cost = SpaceCost.MultiplyAdds(network.Space, network.Classes);
        IWeightStep weights =
            kind == "sandwich"
                ? new SandwichStep(network, settings, [cost], loss, optimizer, parallel)
                : new SinglePathStep(network, settings, [parameters], loss, optimizer, parallel);
        return i => weights.Run(images, labels, i, new Random(i), Rate);
    }

    /// <summary>The time of a step that all processes begin together, as the mean over the processes.</summary>
    private static double Milliseconds(ProcessGroup group, Action<int> step, int i)
    {
        Span<double> one = [0];
        group.Communicator.Sum(one);
        long began = Stopwatch.GetTimestamp();
        step(i);
        one[0] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        group.Communicator.Sum(one);
        return one[0] / group.Size;
    }

    /// <summary>The exchange alone: as many numbers as those of the widest path, from and to their tensors.</summary>
    private static (double Milliseconds, long Bytes) Exchange(
        string kind,
        ProcessGroup group,
        DataParallel parallel,
        SuperNetwork network
    )
    {
        if (kind == "two-path")
        {
            // A few hundred numbers of gates.
            var gates = new double[2 * network.Blocks.Count];
            return (Median(group, () => parallel.Average(gates, BatchShare.Of(1))), gates.Length * sizeof(double));
        }

        NetworkTensor[] tensors = [.. network.TensorsOf(network.Widest())];
        foreach (NetworkTensor tensor in tensors.Where(tensor => tensor.IsTrained))
        {
            tensor.Value.grad = zeros_like(tensor.Value);
        }

        double median = Median(
            group,
            () => parallel.Exchange(tensors, BatchShare.Of(1), completed => Complete(tensors, completed))
        );
        foreach (NetworkTensor tensor in tensors.Where(tensor => tensor.IsTrained))
        {
            using Tensor? gradient = tensor.Value.grad;
            tensor.Value.grad = null;
        }

        return (median, tensors.Sum(tensor => tensor.Value.numel()) * sizeof(float));
    }

    private static void Complete(NetworkTensor[] tensors, Action<Tensor>? completed)
    {
        foreach (NetworkTensor tensor in tensors)
        {
            completed?.Invoke(tensor.Value);
        }
    }

    private static double Median(ProcessGroup group, Action exchange) =>
        SampleStatistics.Median(Enumerable.Range(0, Exchanges).Select(i => Milliseconds(group, _ => exchange(), i)));
}

/// <summary>What sharing a kind of step costs.</summary>
public sealed record ExchangeBenchResult
{
    /// <summary>The kind of step.</summary>
    public required string Step { get; init; }

    /// <summary>
    /// Milliseconds of a step that nobody shares, while the other processes make one of their own; the median.
    /// </summary>
    public required double AloneMs { get; init; }

    /// <summary>A step that all share, each with as many images, with the exchange at its end.</summary>
    public required SharedStepTime Shared { get; init; }

    /// <summary>The same with the exchange beside the backward pass.</summary>
    public required SharedStepTime Overlapped { get; init; }

    /// <summary>Milliseconds of the exchange alone, of the widest path; the median.</summary>
    public required double ExchangeMs { get; init; }

    /// <summary>Bytes of that exchange.</summary>
    public required long ExchangeBytes { get; init; }
}

/// <summary>The time of steps that processes share.</summary>
/// <param name="Ms">Milliseconds, the median.</param>
/// <param name="Ratio">The median of the ratios of neighboring steps: shared over alone.</param>
/// <param name="RatioInterval">The 95 % interval of the ratio.</param>
public sealed record SharedStepTime(double Ms, double Ratio, IReadOnlyList<double> RatioInterval);
