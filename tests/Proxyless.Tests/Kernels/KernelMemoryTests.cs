using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Spaces;
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
        using var path = new BlockPath(factory, "block", new Block(CandidateOperation.Parse("mb5e6"), 16, 16, 1, 14), Activation.Relu6);
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

        // As many first: until the garbage collector has run, which a large cache puts off, memory grows whatever is kept.
        Steps(2000);
        long before = Environment.WorkingSet;
        Steps(2000);

        // An output that was kept would be 100 kB a step, its activations six times that.
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 50_000_000);
    }
}
