using Proxyless.Agent.Protocol;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

/// <summary>The agent's client without an agent.</summary>
public sealed class AgentTargetTests
{
    private static readonly string Fingerprint = new('0', 64);

    [Fact]
    public void All_of_the_options_are_sent()
    {
        TimingOptions options = TimingOptions.Thorough with { MaxTime = TimeSpan.FromSeconds(7) };
        MeasureHeader header = AgentTarget.HeaderOf([1, 2, 3], threads: 2, batch: 8, options);
        Assert.True(header.HasWarmUpRuns);
        Assert.Equal(
            (options.WarmUpRuns, options.MinRuns, options.MaxRuns, 7.0, options.Uncertainty),
            (header.WarmUpRuns, header.MinRuns, header.MaxRuns, header.MaxSeconds, header.Uncertainty)
        );
        Assert.Equal((3, 2, 8), (header.Length, header.Threads, header.Batch));
    }

    [Fact]
    public void An_agent_that_does_not_say_how_long_a_wait_may_be_is_waited_for_as_long_as_its_default_queue()
    {
        // 33 turns: a model of 256 MB at 50,000 bytes a second, 20 seconds for a piece, 120 seconds of measurement.
        TimeSpan queue = 33 * TimeSpan.FromSeconds((256 * 1024 * 1024 / 50_000.0) + 20 + 120);
        Assert.InRange(AgentTarget.DeadlineOf(new Description()), queue, 2 * queue);
        Assert.InRange(AgentTarget.DeadlineOf(new Description { LongestWaitSeconds = double.NaN }), queue, 2 * queue);
        var endless = new Description { LongestWaitSeconds = double.MaxValue };
        Assert.True(AgentTarget.DeadlineOf(endless) < TimeSpan.FromDays(1000));
    }

    [Fact]
    public async Task A_target_that_was_disposed_is_not_called_any_more()
    {
        var target = new AgentTarget("box", "https://127.0.0.1:1", Fingerprint, "token", threads: 1, batch: 1);
        await target.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => target.Id);
    }

    [Fact]
    public void A_device_that_is_off_ends_the_command_with_its_remedy_and_code_2()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "box.yaml");
        File.WriteAllText(file, $"kind: agent\naddress: https://127.0.0.1:1\nfingerprint: {Fingerprint}\ntoken: abc\n");
        CommandLineRun check = CommandLineRun.Of("target", "check", "--target", file);
        Assert.Equal(2, check.ExitCode);
        Assert.Contains("cannot be reached", check.Error, StringComparison.Ordinal);
        Assert.Contains("is 'proxyless-agent serve' running there", check.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", check.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_targets_out_of_reach_are_out_of_reach_and_not_wrong()
    {
        ProxylessException off = new TargetUnavailableException("a: off");
        ProxylessException wrong = new InvalidInputException("b: wrong");
        Assert.Equal(
            "a: off\na: off",
            Assert.IsType<TargetUnavailableException>(SearchGoals.OneOf([off, off])).Message
        );
        Assert.Equal("a: off\nb: wrong", Assert.IsType<InvalidInputException>(SearchGoals.OneOf([off, wrong])).Message);
        ProxylessException slow = new LimitNotMetException("c: too slow");
        Assert.Equal(
            "c: too slow\nc: too slow",
            Assert.IsType<LimitNotMetException>(SearchGoals.OneOf([slow, slow])).Message
        );
        Assert.IsType<InvalidInputException>(SearchGoals.OneOf([off, slow]));
        Assert.Same(slow, Assert.Throws<LimitNotMetException>(() => SearchGoals.OneOf([slow])));
    }
}
