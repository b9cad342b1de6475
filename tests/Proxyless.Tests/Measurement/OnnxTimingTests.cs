using Proxyless.Export;
using Proxyless.Measurement;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Measurement;

[Trait(TestCategory.Name, TestCategory.Measuring)]
public sealed class OnnxTimingTests
{
    private static readonly byte[] Light = NetworkExporter.Untrained(SmallSpace.Network(0, 3, 3));

    // Sixteen times the pixels.
    private static readonly byte[] Heavy = NetworkExporter.Untrained(
        SmallSpace.Network(0, 3, 3).WithInput(64, 3, SmallSpace.Classes)
    );

    [Fact]
    public void Models_are_timed_in_turns_and_held_against_the_first()
    {
        using var light = new OnnxModel(Light);
        using var heavy = new OnnxModel(Heavy);
        IReadOnlyList<InterleavedTiming> timings = InterleavedTimer.Measure(
            [light, heavy],
            TimingOptions.Quick,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(1, timings[0].Ratio);
        Assert.True(timings[1].Ratio > 0 && double.IsFinite(timings[1].Ratio));
        Assert.Equal(timings[0].Timing.Runs, timings[1].Timing.Runs);
        Assert.All(
            timings,
            timing =>
                Assert.True(
                    timing.Timing.MinMs > 0
                        && timing.Timing.MinMs <= timing.Timing.MedianMs
                        && timing.Timing.MedianMs <= timing.Timing.P90Ms
                )
        );
    }

    [Fact]
    public void A_batch_is_computed_in_one_run()
    {
        using var one = new OnnxModel(Light);
        using var batch = new OnnxModel(Light, threads: 1, batch: 16);
        Assert.Equal(16 * one.Output.Length, batch.Output.Length);
        InterleavedTiming timing = InterleavedTimer.Measure(
            [one, batch],
            TimingOptions.Quick,
            TestContext.Current.CancellationToken
        )[1];
        Assert.True(timing.Timing.MinMs > 0 && double.IsFinite(timing.Timing.P90Ms));
    }

    [Fact]
    public void Runs_stay_within_their_bounds()
    {
        using var model = new OnnxModel(Light);
        var few = new TimingOptions
        {
            MinRuns = 7,
            MaxRuns = 100,
            MaxTime = TimeSpan.Zero,
        };
        var many = new TimingOptions
        {
            MinRuns = 1,
            MaxRuns = 12,
            MaxTime = TimeSpan.FromDays(1),
            Uncertainty = 0,
        };
        var sure = new TimingOptions
        {
            MinRuns = 6,
            MaxRuns = 1000,
            MaxTime = TimeSpan.FromDays(1),
            Uncertainty = 1e9,
        };
        Assert.Equal(7, OnnxTimer.Measure(model, few, TestContext.Current.CancellationToken).Runs);
        Assert.Equal(12, OnnxTimer.Measure(model, many, TestContext.Current.CancellationToken).Runs);
        Assert.Equal(10, OnnxTimer.Measure(model, sure, TestContext.Current.CancellationToken).Runs);
    }

    [Fact]
    public void A_node_profile_has_the_nodes_of_every_run_by_name()
    {
        using var profile = new NodeProfile(Light);
        for (int i = 0; i < 3; i++)
        {
            profile.Run();
        }

        IReadOnlyList<IReadOnlyList<NodeTime>> runs = profile.Finish();

        Assert.Equal(3, runs.Count);
        Assert.All(
            runs,
            run =>
            {
                Assert.Contains(
                    run,
                    node => node.Name.StartsWith(NetworkExporter.StemPrefix, StringComparison.Ordinal)
                );
                Assert.Contains(run, node => NetworkExporter.BlockOf(node.Name) == 1);
                Assert.Contains(
                    run,
                    node => node.Name.StartsWith(NetworkExporter.HeadPrefix, StringComparison.Ordinal)
                );
                Assert.Contains(
                    run,
                    node => node.Name.StartsWith(NetworkExporter.ClassifierPrefix, StringComparison.Ordinal)
                );
                Assert.Equal(runs[0].Select(node => node.Name), run.Select(node => node.Name));
            }
        );
    }

    [Fact]
    public void A_node_profile_leaves_no_files_behind()
    {
        string folder;
        using (var profile = new NodeProfile(Light))
        {
            folder = profile.Folder;
            profile.Run();
            profile.Finish();
            Assert.NotEmpty(Directory.GetFiles(folder));
        }

        Assert.False(Directory.Exists(folder));
    }
}
