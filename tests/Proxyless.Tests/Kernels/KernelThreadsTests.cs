using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using Proxyless.Tests.Runs;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Kernels;

/// <summary>The number of threads is the process's, and rounding depends on it, so nothing runs beside this.</summary>
[Collection(nameof(WholeRuns))]
public sealed class KernelThreadsTests
{
    static KernelThreadsTests() => Libtorch.Load();

    [Theory]
    [InlineData(7, 6, 1, 24, 14, ExpansionMemory.Stored)]
    [InlineData(5, 3, 2, 40, 28, ExpansionMemory.Stored)]
    [InlineData(3, 6, 2, 12, 33, ExpansionMemory.Stored)]
    [InlineData(7, 6, 1, 24, 14, ExpansionMemory.Tiled)]
    [InlineData(3, 6, 2, 12, 33, ExpansionMemory.Tiled)]
    internal void The_number_of_threads_changes_nothing_but_rounding(
        int kernel,
        int expansion,
        int stride,
        int width,
        int side,
        ExpansionMemory memory
    )
    {
        var one = new FusedBlockTests.Case(kernel, expansion, stride, 5, width, width + 3, side, side)
        {
            Memory = memory,
        };
        CompareThreads(precision => FusedBlockTests.Run(one, precision, NormPass.Training));
        CompareThreads(precision => FusedBlockTests.Run(one, precision, NormPass.Evaluation));
        FusedBlockTests.Case image = one with { InputWidth = 3, Kernel = 3, OfInput = false };
        CompareThreads(precision => FusedBlockTests.RunLayer(image, precision, NormPass.Training));
    }

    /// <summary>
    /// Of these images a thread takes five through a block together, the next five after them; if there are more
    /// threads than images, all share the work of each image.
    /// </summary>
    [Theory]
    [InlineData(13, 1)]
    [InlineData(13, 2)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void Images_that_go_through_a_block_one_after_another_all_arrive(int images, int stride)
    {
        var one = new FusedBlockTests.Case(5, 6, stride, images, 40, stride == 1 ? 40 : 24, 14, 14);
        foreach (int threads in (int[])[1, 2, 4])
        {
            With(threads, () => FusedBlockTests.CompareEvaluation(one));
        }
    }

    [Fact]
    public void Work_within_work_is_done_on_its_own_thread()
    {
        int[] visits = new int[60];
        bool isElsewhere = false;
        KernelThreads.For(
            6,
            3,
            (_, from, to) =>
            {
                int thread = Environment.CurrentManagedThreadId;
                isElsewhere |= KernelThreads.Count != 1;
                for (int i = from; i < to; i++)
                {
                    KernelThreads.For(
                        10,
                        3,
                        (part, first, end) =>
                        {
                            isElsewhere |= part != 0 || thread != Environment.CurrentManagedThreadId;
                            for (int j = first; j < end; j++)
                            {
                                visits[(i * 10) + j]++;
                            }
                        }
                    );
                }
            }
        );
        Assert.False(isElsewhere);
        Assert.All(visits, count => Assert.Equal(1, count));
    }

    [Fact]
    public void After_work_that_failed_threads_share_work_again()
    {
        Assert.Throws<InvalidOperationException>(() =>
            KernelThreads.For(2, 2, (_, _, _) => throw new InvalidOperationException())
        );
        int parts = 0;
        KernelThreads.For(2, 2, (_, _, _) => Interlocked.Increment(ref parts));
        Assert.Equal(2, parts);
    }

    private static void CompareThreads(Func<ScalarType, FusedBlockTests.Results> run)
    {
        FusedBlockTests.Results? single = null;
        With(1, () => single = run(ScalarType.Float32));
        With(
            4,
            () =>
            {
                // Where the two differ, this says which is wrong. Gradients may differ from double precision's at a
                // kink.
                FusedBlockTests.Results several = run(ScalarType.Float32);
                FusedBlockTests.Results exact = run(ScalarType.Float64);
                AssertOutput("one thread", exact, single!);
                AssertOutput("four threads", exact, several);
                FusedBlockTests.AssertNear(single!, several, 1e-5);
                FusedBlockTests.AssertNear(several, run(ScalarType.Float32), 0);
            }
        );
    }

    private static void With(int threads, Action action)
    {
        int before = get_num_threads();
        set_num_threads(threads);
        try
        {
            action();
        }
        finally
        {
            set_num_threads(before);
        }
    }

    private static void AssertOutput(string threads, FusedBlockTests.Results exact, FusedBlockTests.Results actual)
    {
        double[] differences = [.. exact.Values["output"].Zip(actual.Values["output"], (x, y) => Math.Abs(x - y))];
        double scale = exact.Values["output"].Max(Math.Abs);
        int wrong = differences.Count(difference => !(difference <= 1e-4 * scale));
        Assert.True(
            wrong == 0,
            $"{threads}: {wrong} of {differences.Length} outputs are wrong, by up to {differences.Max():G3} of "
                + $"{scale:G3}, the first at "
                + $"{Array.FindIndex(differences, difference => !(difference <= 1e-4 * scale))}"
        );
    }
}
