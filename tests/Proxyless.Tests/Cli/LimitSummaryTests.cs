using Proxyless.Cli.Commands;
using Proxyless.Runs;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class LimitSummaryTests
{
    [Fact]
    public void A_tiny_limit_is_told_with_the_digits_that_count()
    {
        CommandOutcome outcome = LimitSummary.Outcome(
            new LimitResults<string>
            {
                Run = "run",
                Networks = ["run/a", "run/b"],
                Failures = [],
            },
            (_, _) => { },
            "top-1",
            network => new LimitLine(network, 0.00002, 0.00003, null),
            network => $"proxyless train --arch {network}"
        );
        using var output = new StringWriter();
        outcome.WriteTo(output, json: false);
        Assert.Contains("0.00003 ms", output.ToString(), StringComparison.Ordinal);
    }
}
