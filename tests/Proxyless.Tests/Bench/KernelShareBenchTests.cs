using Proxyless.Bench;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Bench;

[Collection(nameof(WholeRuns))]
public sealed class KernelShareBenchTests
{
    [Fact]
    public void Every_product_and_every_depthwise_convolution_of_a_space_is_compared_with_the_peak()
    {
        var options = new BenchOptions
        {
            Space = "tiny",
            Batch = 2,
            Resolution = 16,
            Steps = 1,
            Threads = 1,
        };
        IReadOnlyList<KernelShareRow> rows = KernelShareBench.Measure(
            options,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(rows.Count, rows.Select(row => row.Kernel).Distinct().Count());
        Assert.Equal(rows.OrderBy(row => row.Share), rows);
        foreach (string pass in (string[])["output", "gradient of the input", "gradient of the weights"])
        {
            Assert.Contains(rows, row => row.Kernel.StartsWith("1x1", StringComparison.Ordinal) && Ends(row, pass));
        }

        Assert.Contains(rows, row => row.Kernel.StartsWith("3x3", StringComparison.Ordinal) && Ends(row, "output"));
        Assert.Contains(rows, row => Ends(row, "both gradients"));
        Assert.All(rows, row => Assert.True(row.Ms > 0 && row.PeakMs > 0 && row.Channels > 0));
    }

    private static bool Ends(KernelShareRow row, string pass) =>
        row.Kernel.EndsWith($": {pass}", StringComparison.Ordinal);
}
