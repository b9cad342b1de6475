using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class PartProfilerTests
{
    private static readonly SearchSpace Space = SearchSpacePresets.ByName("tiny");
    private static readonly LocalTarget Target = new();

    [Fact]
    public void Sums_of_parts_become_latencies_of_networks()
    {
        LatencyTable table = Profile(Bytes, null);
        Assert.Equal(SpaceParts.Keys(Space, 10), table.Entries.Keys);
        Assert.InRange(table.Calibration.MeanAbsoluteError, 0, 0.01);
        Assert.Equal(5, table.Calibration.Networks);
        Assert.True(table.Reference.Milliseconds > 0);
    }

    [Fact]
    public void A_machine_that_slows_down_meanwhile_makes_the_same_table()
    {
        LatencyTable steady = Profile(Bytes, null);
        int calls = 0;
        LatencyTable drifting = Profile(
            (model, cancellation) => Bytes(model, cancellation) * (1 + (0.003 * calls++)),
            null
        );
        Assert.All(
            steady.Entries,
            entry => Assert.InRange(drifting.Entries[entry.Key].Milliseconds / entry.Value.Milliseconds, 0.9, 1.1)
        );
        string last = steady.Entries.Keys.Last();
        Assert.InRange(drifting.Entries[last].Milliseconds / steady.Entries[last].Milliseconds, 0.9, 1.1);
    }

    [Fact]
    public void An_interrupted_profile_is_continued_and_its_log_stays_for_whoever_stores_the_table()
    {
        using var folder = new TemporaryFolder();
        string partial = Path.Combine(folder.Root, "table.partial");
        InterruptAfter(30, partial);
        Assert.True(File.Exists(partial));

        int more = 0;
        LatencyTable table = Profile(
            (model, cancellation) =>
            {
                more++;
                return Bytes(model, cancellation);
            },
            partial
        );
        Assert.True(File.Exists(partial));
        LatencyTable whole = Profile(Bytes, null);
        Assert.Equal(whole.Entries, table.Entries);

        // What the first part measured is not measured again, but for the reference that follows the drift.
        int all = 1 + (3 * whole.Entries.Count) + 10 + ((whole.Entries.Count + 10) / 8);
        Assert.InRange(more, all - 30, all - 20);
    }

    [Fact]
    public void A_profile_that_is_continued_on_a_machine_of_another_speed_makes_the_same_table()
    {
        using var folder = new TemporaryFolder();
        string partial = Path.Combine(folder.Root, "table.partial");
        InterruptAfter(5, partial);
        LatencyTable continued = Profile((model, cancellation) => 1.5 * Bytes(model, cancellation), partial);
        Assert.All(
            Profile(Bytes, null).Entries,
            entry => Assert.Equal(entry.Value.Milliseconds, continued.Entries[entry.Key].Milliseconds, 1e-9)
        );
    }

    [Fact]
    public void Parts_that_the_log_holds_need_no_reference()
    {
        using var folder = new TemporaryFolder();
        string partial = Path.Combine(folder.Root, "table.partial");
        (LatencyTable whole, int all) = Counted(null);
        InterruptAfter(all - 1, partial);

        // The last network is left, and the reference that tells the machine's speed.
        (LatencyTable continued, int more) = Counted(partial);
        Assert.Equal(whole.Entries, continued.Entries);
        Assert.Equal(2, more);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    public void A_time_that_is_none_ends_the_profile_which_can_be_continued(double milliseconds)
    {
        using var folder = new TemporaryFolder();
        string partial = Path.Combine(folder.Root, "table.partial");
        int calls = 0;
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            Profile((model, cancellation) => ++calls > 5 ? milliseconds : Bytes(model, cancellation), partial)
        );
        Assert.Contains("a time is over 0", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Profile(Bytes, null).Entries, Profile(Bytes, partial).Entries);
    }

    [Fact]
    public void A_device_that_is_another_one_in_the_end_makes_no_table()
    {
        var changed = new InvalidInputException("another one");
        using var device = new TimerOfFunction("device", Bytes) { Change = changed };
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            device.Profile(
                Space,
                10,
                ProfileMode.Quick,
                null,
                NullRunObserver.Instance,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Same(changed, refused);
        Assert.True(device.Measured > 0);
    }

    private static (LatencyTable Table, int Measurements) Counted(string? partial)
    {
        int measurements = 0;
        LatencyTable table = Profile(
            (model, cancellation) =>
            {
                measurements++;
                return Bytes(model, cancellation);
            },
            partial
        );
        return (table, measurements);
    }

    private static void InterruptAfter(int measurements, string partial)
    {
        int calls = 0;
        Assert.Throws<OperationCanceledException>(() =>
            Profile(
                (model, cancellation) =>
                    ++calls > measurements ? throw new OperationCanceledException() : Bytes(model, cancellation),
                partial
            )
        );
    }

    private static LatencyTable Profile(Func<byte[], CancellationToken, double> time, string? partial) =>
        new PartProfiler(Target, [new TimerOfFunction("device", time)]).Profile(
            Space,
            10,
            ProfileMode.Quick,
            partial,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

    /// <summary>
    /// A machine on which a model takes a microsecond for ten bytes: nearly additive, as real ones are.
    /// </summary>
    private static double Bytes(byte[] model, CancellationToken cancellation) => model.Length / 10_000.0;
}
