using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>libtorch's operators against our own kernels, block by block.</summary>
internal sealed class BenchKernelsCommand : ReportingCommand
{
    // Far more than rounding, including an activation's kink.
    private const double Wrong = 0.01;

    private readonly StepOptionSet _steps = new("Rounds, in each of which every variant runs once (9)");

    public BenchKernelsCommand()
        : base(
            "kernels",
            "Every block of a space, forward and backward, with libtorch's operators and with our own kernels.",
            "proxyless bench kernels --space imagenet-mobile --batch 32 --resolution 112"
        )
    {
        Add(_steps.Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        IReadOnlyList<KernelBenchRow> rows = KernelBench.Measure(
            _steps.Read(parse, new BenchOptions { Steps = 9 }),
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(
            new { Blocks = rows },
            console =>
            {
                Table table = FittedTable.Of(
                    ["block"],
                    [
                        "libtorch ms",
                        "ours ms",
                        "ratio",
                        "depthwise backward, libtorch ms",
                        "with norm ms",
                        "ours with norm ms",
                        "ratio to alone",
                        "ratio with norm",
                        "error of libtorch",
                        "of ours",
                    ]
                );
                foreach (KernelBenchRow row in rows)
                {
                    table.AddRow(
                        Markup.Escape(row.Block),
                        $"{row.LibtorchMs:F1}",
                        $"{row.ProxylessMs:F1}",
                        $"{row.Ratio:F2}",
                        $"{row.DepthwiseBackwardLibtorchMs:F1}",
                        $"{row.NormedBackwardLibtorchMs:F1}",
                        $"{row.NormedBackwardProxylessMs:F1}",
                        $"{row.DepthwiseBackwardRatio:F2}",
                        $"{row.NormedBackwardRatio:F2}",
                        $"{row.LibtorchError:0.0e+0}",
                        $"{row.ProxylessError:0.0e+0}"
                    );
                }

                console.WriteFitted(table);
                console.WriteFacts(
                    (
                        "all blocks",
                        $"libtorch {rows.Sum(row => row.LibtorchMs):F0} ms, ours "
                            + $"{rows.Sum(row => row.ProxylessMs):F0} ms"
                    ),
                    (
                        "slowest against libtorch",
                        $"{rows.MinBy(row => row.Ratio)!.Block}: {rows.Min(row => row.Ratio):F2}x"
                    ),
                    (
                        $"wrong here (error over {Wrong})",
                        $"libtorch {rows.Count(row => !(row.LibtorchError <= Wrong))} blocks, ours "
                            + $"{rows.Count(row => !(row.ProxylessError <= Wrong))}"
                    )
                );
            }
        );
    }
}
