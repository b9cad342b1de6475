using Proxyless.Bench;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Bench;

/// <summary>The allocator and the threads are the process's, so nothing runs beside this.</summary>
[Collection(nameof(WholeRuns))]
[Trait("Category", "Measuring")]
public sealed class FloorBenchTests
{
    [Fact]
    public void A_step_has_its_work_at_the_peak_and_its_parts_beside_convolutions()
    {
        FloorBenchResult result = FloorBench.Measure(
            new BenchOptions
            {
                Space = "tiny",
                Batch = 4,
                Steps = 2,
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

        Assert.True(result.ComputeMs > 0);
        Assert.True(result.MemoryMs > 0);
        Assert.True(result.StepMs > 0);
        Assert.All(
            (double[])[result.Rest.PathMs, result.Rest.ClassifierMs, result.Rest.OptimizerMs],
            part => Assert.True(part > 0)
        );
    }
}
