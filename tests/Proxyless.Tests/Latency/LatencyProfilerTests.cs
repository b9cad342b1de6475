using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class LatencyProfilerTests
{
    private static readonly LocalTarget Target = new();

    [Fact]
    public void A_profile_knows_every_part_of_the_space()
    {
        var observer = new RecordingObserver();
        LatencyTable table = LatencyProfiler.Profile(
            SmallSpace.Space, SmallSpace.Classes, Target, ProfileMode.Quick, observer, TestContext.Current.CancellationToken);

        Assert.Equal(SpaceParts.Keys(SmallSpace.Space, SmallSpace.Classes).Order(), table.Entries.Keys.Order());
        Assert.All(table.Entries.Values, entry => Assert.True(entry.Milliseconds > 0));
        Assert.True(table.Reference.Milliseconds > 0);
        Assert.Equal(5, table.Calibration.Networks);
        Assert.Equal(observer.Steps[^1].Total, observer.Steps[^1].Done);

        // The parts are timed within networks: the dearer of two blocks is the one with more work, whatever the machine does.
        Architecture network = SmallSpace.Network(0, 2, 0);
        Assert.True(table.Entries[network.Blocks[2].Key].Milliseconds > table.Entries[network.Blocks[3].Key].Milliseconds);
    }

    [Fact]
    public void A_profile_stops_when_it_is_told_to()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => LatencyProfiler.Profile(
            SmallSpace.Space, SmallSpace.Classes, Target, ProfileMode.Quick, NullRunObserver.Instance, stop.Token));
    }

    [Fact]
    public void A_network_measured_beside_itself_takes_as_long_as_the_reference()
    {
        LatencyTable table = SmallSpace.Table();
        byte[] reference = NetworkExporter.Untrained(SmallSpace.Space.Architecture(table.Reference.Choice, SmallSpace.Classes, "reference"));
        var latency = NetworkLatency.Measure(
            reference, SmallSpace.Space, SmallSpace.Classes, table, Target, TimingOptions.Quick, TestContext.Current.CancellationToken);

        double quieter = Math.Min(1, latency.Slowdown) * table.Reference.Milliseconds;
        Assert.InRange(latency.Milliseconds / quieter, 0.5, 2);
    }

    private sealed class RecordingObserver : IRunObserver
    {
        public List<RunProgress> Steps { get; } = [];

        public void Progress(RunProgress progress) => Steps.Add(progress);

        public void Message(string text)
        {
        }

        public void Warning(string text)
        {
        }
    }
}
