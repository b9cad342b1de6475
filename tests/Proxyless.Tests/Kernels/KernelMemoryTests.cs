using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Runs;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Kernels;

/// <summary>Memory is that of the process, so nothing runs beside this.</summary>
[Collection(nameof(WholeRuns))]
public sealed class KernelMemoryTests
{
    static KernelMemoryTests() => Libtorch.Load();

    [Fact]
    public void Thousands_of_steps_more_take_no_more_memory()
    {
        using var factory = new TensorFactory(new NetworkOptions());
        using var path = new BlockPath(
            factory,
            "block",
            new Block(CandidateOperation.Parse("mb5e6"), 16, 16, 1, 14),
            Activation.Relu6
        );
        using Tensor noise = randn(8, 16, 14, 14);
        using Tensor input = MemoryLayout.ChannelsLast(noise);
        using var optimizer = new SgdOptimizer();
        void Steps(int count)
        {
            for (int i = 0; i < count; i++)
            {
                using Tensor output = path.Forward(input, NormPass.Training);
                using Tensor sum = output.sum();
                sum.backward();
                optimizer.Step(path.Tensors, 1e-6);
            }
        }

        // What is kept grows by as much every time; the process's memory grows now and then for reasons of its own
        // (until the garbage collector has run, or where an allocator keeps what it is given back), but not every time.
        // An output that was kept would be 100 kB a step, its activations six times that.
        Steps(1000);
        long least = long.MaxValue;
        for (int round = 0; round < 6 && least > 50_000_000; round++)
        {
            long before = Environment.WorkingSet;
            Steps(1000);
            least = Math.Min(least, Environment.WorkingSet - before);
        }

        Assert.InRange(least, long.MinValue, 50_000_000);
    }
}
