using System.Text.RegularExpressions;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

/// <summary>Two readings of one latency.</summary>
public sealed class NetworkLatencyTests
{
    private static readonly (Timing Reference, Timing Network)[] Busy =
    [
        (Runs(quiet: 2, median: 3), Runs(quiet: 4, median: 7)),
        (Runs(quiet: 2, median: 3), Runs(quiet: 5, median: 6)),
        (Runs(quiet: 2, median: 3), Runs(quiet: 3, median: 9)),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_quiet_latency_is_that_of_the_quietest_time_known_and_the_median_that_of_just_now()
    {
        var latency = NetworkLatency.Of(Busy, timing => timing.QuietMs, referenceMs: 1);
        Assert.Equal(2, latency.QuietMs);
        Assert.Equal(7, latency.MedianMs);
        Assert.Equal(2, latency.Slowdown);

        // Quieter now than it was when the table was made.
        latency = NetworkLatency.Of(Busy, timing => timing.QuietMs, referenceMs: 10);
        Assert.Equal(4, latency.QuietMs);
        Assert.Equal(7, latency.MedianMs);
        Assert.Equal(0.2, latency.Slowdown);
    }

    [Fact]
    public void A_model_without_a_table_is_its_own_reference()
    {
        var latency = NetworkLatency.Alone(Runs(quiet: 4, median: 7));
        Assert.Equal((4, 7, 1), (latency.QuietMs, latency.MedianMs, latency.Slowdown));
    }

    [Fact]
    public void A_table_gives_its_sum()
    {
        using var folder = new TemporaryFolder();
        using ITarget target = TargetFile.Open(FixedTable.Write(folder.Root, SmallSpace.Space, SmallSpace.Classes));
        Architecture network = SmallSpace.Network(0, 1, 2);
        var latency = NetworkLatency.Measure(
            target,
            network,
            [],
            SmallSpace.Space,
            SmallSpace.Classes,
            SmallSpace.Table(),
            Cancellation
        );
        Assert.False(latency.IsMeasured);
        Assert.Equal(((TableTarget)target).Predict(network, NullRunObserver.Instance), latency.QuietMs);
        Assert.Equal(latency.QuietMs, latency.MedianMs);
    }

    [Fact]
    public void A_program_is_asked_for_the_network_beside_the_tables_reference()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program of this test is a shell script");
        using var folder = new TemporaryFolder();
        string script = Path.Combine(folder.Root, "time.sh");
        File.WriteAllText(script, "echo $(wc -c < \"$1\") us\n");
        var pattern = new Regex("([0-9]+) us");
        var target = new CommandTarget
        {
            Name = "board",
            Command = ["sh", script, "{model}"],
            Pattern = pattern,
        };
        LatencyTable table = SmallSpace.Table();
        Architecture other = SmallSpace.Space.Architecture(table.Reference.Choice, SmallSpace.Classes, "reference");
        int reference = NetworkExporter.Untrained(other).Length;
        Architecture network = SmallSpace.Network(0, 1, 2);
        byte[] onnx = NetworkExporter.Untrained(network);
        table = table with { Reference = table.Reference with { Milliseconds = reference / 2.0 } };
        var latency = NetworkLatency.Measure(
            target,
            network,
            onnx,
            SmallSpace.Space,
            SmallSpace.Classes,
            table,
            Cancellation
        );
        Assert.Equal(onnx.Length / 2.0, latency.QuietMs, 1e-9);
        Assert.Equal(onnx.Length, latency.MedianMs);
        Assert.Equal(2, latency.Slowdown, 1e-9);
    }

    [Theory]
    [InlineData("", 1.5, "has 3 blocks, the choice has 0")]
    [InlineData("1,0,2,0", 1.5, "has 3 blocks, the choice has 4")]
    [InlineData("1,0,9", 1.5, "there is no number 9")]
    [InlineData("1,0,2", 0.0, "a time is over 0")]
    public void A_reference_beside_which_nothing_can_be_measured_is_refused(
        string choice,
        double milliseconds,
        string named
    )
    {
        using var timer = new TimerOfFunction("board", (_, _) => 1);
        int[] numbers = [.. choice.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        LatencyTable table = SmallSpace.Table() with { Reference = new LatencyReference(numbers, milliseconds) };
        var refused = Assert.Throws<InvalidInputException>(() =>
            NetworkLatency.Measure(
                timer,
                SmallSpace.Network(0, 1, 2),
                [],
                SmallSpace.Space,
                SmallSpace.Classes,
                table,
                Cancellation
            )
        );
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Contains("profile the space again", refused.Message, StringComparison.Ordinal);
    }

    private static Timing Runs(double quiet, double median) =>
        new(median, quiet, P90Ms: 2 * median, MinMs: quiet, Spread: 0, Uncertainty: 0, Runs: 30);
}
