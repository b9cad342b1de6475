using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class ModelLatencyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_whose_space_has_changed_since_its_table_is_measured_without_it()
    {
        var run = new RunDirectory(_folder.Root);
        RunConfigFile.Write(run.Config, new RunOptions { Search = new() { Space = "tiny" } });
        using var timer = new TimerOfFunction("board", (_, _) => 7);
        LatencyTableFile.Write(run.Latency, SmallSpace.Table() with { TargetId = timer.Id });
        var observer = new RecordingObserver();
        NetworkLatency? latency = ModelLatency.Of(
            _folder.Add("model.onnx", [1]),
            classes: 10,
            run,
            timer,
            observer,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(7, latency!.QuietMs);
        string warning = Assert.Single(observer.Warnings);
        Assert.Contains(run.Latency, warning, StringComparison.Ordinal);
        Assert.Contains("has 6 blocks, the choice has 3", warning, StringComparison.Ordinal);
    }
}
