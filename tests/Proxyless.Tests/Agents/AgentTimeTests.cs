using System.Text.RegularExpressions;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Agents;

/// <summary><c>proxyless-agent time</c> as the program of a target, as docs/targets.md has it.</summary>
public sealed class AgentTimeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static CommandTarget Target =>
        new()
        {
            Name = "board",
            Command = [AgentProcess.Program, "time", "{model}", "--batch", "{batch}"],
            Pattern = new Regex("median ([0-9.]+) ms", RegexOptions.CultureInvariant),
            Repeats = 1,
            Batch = 4,
        };

    [Fact]
    [Trait(TestCategory.Name, TestCategory.Measuring)]
    public void A_model_file_is_timed() =>
        Assert.True(Target.Time(NetworkExporter.Untrained(SmallSpace.Network(0, 1, 2)), Cancellation).MedianMs > 0);

    [Fact]
    public void What_is_no_model_is_said_to_be_none()
    {
        string message = Assert.Throws<InvalidInputException>(() => Target.Time([1, 2, 3], Cancellation)).Message;
        Assert.Contains("exit code 2", message, StringComparison.Ordinal);
        Assert.Contains("ONNX Runtime cannot run it", message, StringComparison.Ordinal);
        CommandTarget nowhere = Target with { Command = [AgentProcess.Program, "time", "no-such-{model}"] };
        Assert.Contains(
            "cannot be read",
            Assert.Throws<InvalidInputException>(() => nowhere.Time([1], Cancellation)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_no_file_is_refused_and_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "devices have other names elsewhere");
        CommandTarget device = Target with
        {
            Command = ["/bin/sh", "-c", "exec \"$0\" time /dev/null", AgentProcess.Program, "{model}"],
        };
        Assert.Contains(
            "'/dev/null' is empty, or a pipe or a device",
            Assert.Throws<InvalidInputException>(() => device.Time([1], Cancellation)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_word_that_serve_uses_for_itself_points_to_the_one_for_users()
    {
        CommandTarget measure = Target with { Command = [AgentProcess.Program, "measure", "{model}"] };
        Assert.Contains(
            "proxyless-agent time",
            Assert.Throws<InvalidInputException>(() => measure.Time([1], Cancellation)).Message,
            StringComparison.Ordinal
        );
    }
}
