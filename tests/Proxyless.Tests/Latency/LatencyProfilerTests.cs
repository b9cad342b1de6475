using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Latency;

[Trait(TestCategory.Name, TestCategory.Measuring)]
public sealed class LatencyProfilerTests
{
    private static readonly LocalTarget Target = new();

    [Fact]
    public void A_profile_knows_every_part_of_the_space()
    {
        var observer = new RecordingObserver();
        LatencyTable table = LatencyProfiler.Profile(
            SmallSpace.Space,
            SmallSpace.Classes,
            Target,
            ProfileMode.Quick,
            observer,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(SpaceParts.Keys(SmallSpace.Space, SmallSpace.Classes).Order(), table.Entries.Keys.Order());
        Assert.All(
            table.Entries.Values,
            entry => Assert.True(entry.Milliseconds > 0 && double.IsFinite(entry.Milliseconds))
        );
        Assert.True(table.Reference.Milliseconds > 0);
        Assert.Equal(5, table.Calibration.Networks);
        Assert.True(table.Disturbance >= 0);
        Assert.Equal(observer.Steps[^1].Total, observer.Steps[^1].Done);
    }

    [Fact]
    public void A_profile_stops_when_it_is_told_to()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            LatencyProfiler.Profile(
                SmallSpace.Space,
                SmallSpace.Classes,
                Target,
                ProfileMode.Quick,
                NullRunObserver.Instance,
                stop.Token
            )
        );
    }

    [Fact]
    public void A_network_is_measured_beside_the_reference()
    {
        LatencyTable table = SmallSpace.Table();
        byte[] reference = NetworkExporter.Untrained(
            SmallSpace.Space.Architecture(table.Reference.Choice, SmallSpace.Classes, "reference")
        );
        NetworkLatency latency = Target.Compare(
            reference,
            reference,
            table.Reference.Milliseconds,
            TimingOptions.Quick,
            TestContext.Current.CancellationToken
        );

        Assert.True(latency.IsMeasured);
        Assert.True(latency.QuietMs > 0 && double.IsFinite(latency.QuietMs));
        Assert.True(latency.MedianMs > 0 && double.IsFinite(latency.MedianMs));
        Assert.True(latency.Slowdown > 0 && double.IsFinite(latency.Slowdown));
    }

    private sealed class RecordingObserver : IRunObserver
    {
        public List<RunProgress> Steps { get; } = [];

        public void Progress(RunProgress progress) => Steps.Add(progress);

        public void Message(string text) { }

        public void Warning(string text) { }
    }
}
