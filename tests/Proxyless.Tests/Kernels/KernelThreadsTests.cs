using Proxyless.Networks;
using Proxyless.Runtime;
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
    [InlineData(7, 6, 1, 24, 14)]
    [InlineData(5, 3, 2, 40, 28)]
    [InlineData(3, 6, 2, 12, 33)]
    public void The_number_of_threads_changes_nothing_but_rounding(int kernel, int expansion, int stride, int width, int side)
    {
        var one = new FusedBlockTests.Case(kernel, expansion, stride, 5, width, width + 3, side, side);
        int before = get_num_threads();
        try
        {
            set_num_threads(1);
            FusedBlockTests.Results single = FusedBlockTests.Run(one, ScalarType.Float32, NormPass.Training);
            set_num_threads(4);
            FusedBlockTests.Results several = FusedBlockTests.Run(one, ScalarType.Float32, NormPass.Training);
            FusedBlockTests.AssertNear(single, several, 1e-5);
            FusedBlockTests.AssertNear(several, FusedBlockTests.Run(one, ScalarType.Float32, NormPass.Training), 0);
        }
        finally
        {
            set_num_threads(before);
        }
    }
}
