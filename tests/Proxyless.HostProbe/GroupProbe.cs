using System.Runtime.CompilerServices;
using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Distributed;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.HostProbe;

/// <summary>What a process of a group does; started by an mpirun. The leader prints what it has seen.</summary>
internal static class GroupProbe
{
    private const int Classes = 5;

    /// <summary>Does it.</summary>
    /// <param name="what">One of the cases below.</param>
    public static int Run(string what)
    {
        ProxylessRuntime.Configure(new RuntimeOptions { Threads = 1 });
        ProcessGroup group = ProcessGroup.Join();
        try
        {
            switch (what)
            {
                case "group-gradients":
                    Gradients(group);
                    break;
                case "group-steps":
                    Steps(group);
                    break;
                case "group-cards":
                    Print(group, CardProbe.Seen(group.Communicator));
                    break;
                case "group-null":
                    Null(group);
                    break;
                case "group-fails":
                    Fails(group);
                    break;
                case "group-breaks":
                    Breaks(group);
                    break;
                case "group-waits":
                    Waits(group);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(what), what, null);
            }

            // The leader says at its end that there is no work.
            group.HasFollowed = !group.IsLeader && new GroupSignals(group.Communicator).Await() is null;
            return 0;
        }
        catch (InvalidOperationException exception)
        {
            Console.Error.WriteLine($"process {group.Rank}: {exception.Message}");
            return 1;
        }
        finally
        {
            group.Dispose();
        }
    }

    /// <summary>
    /// Gradients, statistics and gates, averaged over processes with 3 images each, or 3 and 4 and so on, against the
    /// mean of what one process computes of each part.
    /// </summary>
    private static void Gradients(ProcessGroup group)
    {
        var parallel = new DataParallel(group.Communicator);
        using var loss = new ClassificationLoss(0.1, null, CPU);
        double worstGradient = 0;
        double worstStatistic = 0;
        double worstGate = 0;
        foreach (int images in (int[])[3 * group.Size, (3 * group.Size) + 1])
        {
            using SuperNetwork network = Build();
            int[] path = network.Widest();
            NetworkTensor[] tensors = [.. network.TensorsOf(path)];
            float[][] before = [.. tensors.Select(tensor => Numbers(tensor.Value))];
            double[][] gradients = [.. before.Select(numbers => new double[numbers.Length])];
            double[][] statistics = [.. before.Select(numbers => new double[numbers.Length])];
            int[][] candidates =
            [
                .. network.Blocks.Select(block => Enumerable.Range(0, block.Candidates.Count).ToArray()),
            ];
            double[][] gates = [.. candidates.Select(all => new double[all.Length])];
            for (int rank = 0; rank < group.Size; rank++)
            {
                double share = Compute(network, path, rank, group.Size, images, loss) / (double)images;
                for (int i = 0; i < tensors.Length; i++)
                {
                    Add(gradients[i], tensors[i].Value.grad, share);
                    Add(statistics[i], tensors[i].Value, share);
                    tensors[i].Value.grad = null;
                    using Tensor back = tensor(before[i], tensors[i].Value.shape);
                    tensors[i].CopyFrom(back);
                }

                (Tensor pixels, Tensor labels) = Images(rank, group.Size, images);
                using (pixels)
                using (labels)
                {
                    var own = MeanGates.Of(network, path, candidates, pixels, labels, loss, DataParallel.Alone);
                    for (int i = 0; i < gates.Length; i++)
                    {
                        foreach (int j in candidates[i])
                        {
                            gates[i][j] += share * own[i, j];
                        }
                    }
                }
            }

            long count = Compute(network, path, group.Rank, group.Size, images, loss);
            parallel.Average(tensors, BatchShare.Of(count));
            for (int i = 0; i < tensors.Length; i++)
            {
                worstGradient = Math.Max(worstGradient, Difference(gradients[i], tensors[i].Value.grad));
                if (!tensors[i].IsTrained)
                {
                    worstStatistic = Math.Max(worstStatistic, Difference(statistics[i], tensors[i].Value));
                }
            }

            (Tensor part, Tensor classes) = Images(group.Rank, group.Size, images);
            using (part)
            using (classes)
            {
                var mean = MeanGates.Of(network, path, candidates, part, classes, loss, parallel);
                double largest = gates.Max(block => block.Max(Math.Abs));
                worstGate = Math.Max(
                    worstGate,
                    candidates.SelectMany((all, i) => all.Select(j => Math.Abs(mean[i, j] - gates[i][j]))).Max()
                        / largest
                );
            }
        }

        Print(
            group,
            new
            {
                gradient = worstGradient,
                statistic = worstStatistic,
                gate = worstGate,
            }
        );
    }

    /// <summary>
    /// Steps of a search, with sums at the end of each and beside the backward pass: afterwards all processes hold the
    /// same bits.
    /// </summary>
    private static void Steps(ProcessGroup group)
    {
        ulong[] digests = [.. ((bool[])[false, true]).Select(overlaps => DigestAfterSteps(group, overlaps))];
        Print(
            group,
            new
            {
                same = digests.All(digest => group.Communicator.Gather(digest).Distinct().Count() == 1),
                digest = digests[0],
                overlapped = digests[1],
            }
        );
    }

    private static ulong DigestAfterSteps(ProcessGroup group, bool overlaps)
    {
        // Parts of a few layers each.
        using var parallel = new DataParallel(group.Communicator, overlaps, numbersPerPart: 500);
        using SuperNetwork network = Build();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using var optimizer = new SgdOptimizer();
        var settings = new SearchSettings
        {
            Plan = new SearchPlan(4, 0, 1),
            LearningRate = 0.05,
            ArchitectureRate = 0.1,
        };
        var cost = SpaceCost.MultiplyAdds(network.Space, Classes);
        var parameters = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count));
        IWeightStep[] weights =
        [
            new SandwichStep(network, settings, [cost], loss, optimizer, parallel),
            new SinglePathStep(network, settings, [parameters], loss, optimizer, parallel),
        ];
        var architecture = ArchitectureStep.WithoutLimits(network, parameters, loss, parallel);
        (Tensor pixels, Tensor labels) = Images(group.Rank, group.Size, 7 * group.Size);
        using (pixels)
        using (labels)
        {
            for (int step = 0; step < 4; step++)
            {
                parallel.BeginStep();
                foreach (IWeightStep one in weights)
                {
                    one.Run(pixels, labels, step, new Random(step), 0.05);
                }

                architecture.Run((ArchitectureUpdate)step, pixels, labels, new Random(step), 0.1);
                parallel.EndStep();
            }
        }

        ulong digest = 0;
        foreach (float number in network.Tensors.SelectMany(tensor => Numbers(tensor.Value)))
        {
            digest = (digest * 31) + BitConverter.SingleToUInt32Bits(number);
        }

        foreach (double number in parameters.Probabilities().SelectMany(block => block))
        {
            digest = (digest * 31) + BitConverter.DoubleToUInt64Bits(number);
        }

        return digest;
    }

    /// <summary>The runtime still turns an access to address 0 into its exception.</summary>
    private static void Null(ProcessGroup group)
    {
        string caught = "nothing";
        try
        {
            Console.Error.WriteLine(LengthOf(null!));
        }
        catch (NullReferenceException exception)
        {
            caught = exception.GetType().Name;
        }

        Print(
            group,
            new
            {
                caught,
                threads = group.Threads,
                description = group.Description,
            }
        );
    }

    /// <summary>The last process fails where the others wait for it.</summary>
    private static void Fails(ProcessGroup group)
    {
        if (group.Rank == group.Size - 1)
        {
            throw new InvalidOperationException("the disk of this process is full");
        }

        Span<double> one = [1];
        group.Communicator.Sum(one);
    }

    /// <summary>The last process fails in a backward pass, while parts of the exchange are on their way.</summary>
    private static void Breaks(ProcessGroup group)
    {
        using var parallel = new DataParallel(group.Communicator, overlaps: true, numbersPerPart: 500);
        using SuperNetwork network = Build();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        int[] path = network.Widest();
        NetworkTensor[] tensors = [.. network.TensorsOf(path)];
        long count = Compute(network, path, group.Rank, group.Size, 3 * group.Size, loss);
        int left = tensors.Length / 2;
        group.IsBroken = true;
        parallel.Exchange(
            tensors,
            BatchShare.Of(count),
            completed =>
            {
                foreach (NetworkTensor tensor in tensors)
                {
                    completed!(tensor.Value);
                    if (--left == 0 && group.Rank == group.Size - 1)
                    {
                        throw new InvalidOperationException("the memory of this process is full");
                    }
                }
            }
        );
    }

    /// <summary>A process that waits for the leader uses no processor.</summary>
    private static void Waits(ProcessGroup group)
    {
        if (group.IsLeader)
        {
            Thread.Sleep(TimeSpan.FromSeconds(4));
        }

        TimeSpan before = Environment.CpuUsage.TotalTime;
        group.Communicator.Meet();
        ulong[] spent = group.Communicator.Gather((ulong)(Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
        Print(group, new { spent = spent.Max() });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int LengthOf(string text) => text.Length;

    private static SuperNetwork Build() =>
        new(SearchSpacePresets.ByName("tiny"), Classes, new NetworkOptions { Seed = 3 });

    /// <summary>Gradients of one part of a batch.</summary>
    /// <returns>The images of the part.</returns>
    private static long Compute(
        SuperNetwork network,
        int[] path,
        int rank,
        int size,
        int images,
        ClassificationLoss loss
    )
    {
        (Tensor pixels, Tensor labels) = Images(rank, size, images);
        using (pixels)
        using (labels)
        {
            using Tensor logits = network.Forward(pixels, path, NormPass.Training);
            using Tensor value = loss.Of(logits, labels);
            BackwardPass.Run(value, network.TensorsOf(path));
            return labels.shape[0];
        }
    }

    private static (Tensor Pixels, Tensor Labels) Images(int rank, int size, int count)
    {
        (int first, int length) = new Data.BatchPart(rank, size).Of(count);
        using var generator = new Generator(11, CPU);
        using Tensor all = randn([count, 3, 32, 32], generator: generator);
        using Tensor labels = tensor(Enumerable.Range(0, count).Select(image => (long)(image % Classes)).ToArray());
        using Tensor part = all.narrow(0, first, length);
        using Tensor partOfLabels = labels.narrow(0, first, length);
        return (part.contiguous().DetachFromDisposeScope(), partOfLabels.clone().DetachFromDisposeScope());
    }

    private static float[] Numbers(Tensor tensor)
    {
        using Tensor detached = tensor.detach();
        using Tensor packed = detached.contiguous();
        return packed.data<float>().ToArray();
    }

    private static void Add(double[] sum, Tensor? tensor, double share)
    {
        if (tensor is not null)
        {
            float[] numbers = Numbers(tensor);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += share * numbers[i];
            }
        }
    }

    /// <summary>The largest difference, as a share of the largest expected number.</summary>
    private static double Difference(double[] expected, Tensor? tensor)
    {
        double largest = expected.Max(Math.Abs);
        return tensor is null || largest == 0
            ? largest
            : Numbers(tensor).Zip(expected, (number, other) => Math.Abs(number - other)).Max() / largest;
    }

    private static void Print(ProcessGroup group, object seen)
    {
        if (group.IsLeader)
        {
            Console.WriteLine(JsonSerializer.Serialize(seen));
        }
    }
}
