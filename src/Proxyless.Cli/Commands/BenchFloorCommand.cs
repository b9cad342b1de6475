using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Measurement;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>A step compared with the least time that this machine could need.</summary>
internal sealed class BenchFloorCommand : ReportingCommand
{
    private readonly StepOptionSet _steps = new("Steps to time (15)");
    private readonly Option<bool> _blocks = Values.Flag(
        "--blocks",
        "Each block of the space instead of a whole step, the one that loses most first"
    );

    private readonly Option<bool> _shares = Values.Flag(
        "--shares",
        "The part of the peak that each product of matrices and each depthwise convolution reaches"
    );

    public BenchFloorCommand()
        : base(
            "floor",
            "A weight step compared with the time of its multiply-adds and its bytes at this machine's "
                + "measured peak.",
            "proxyless bench floor --space imagenet-mobile --batch 32 --resolution 112",
            "proxyless bench floor --blocks --batch 32 --resolution 112",
            "proxyless bench floor --shares --batch 32 --resolution 112"
        )
    {
        Add([.. _steps.Options, _blocks, _shares]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        BenchOptions options = _steps.Read(parse, new BenchOptions { Steps = 15 });
        if (parse.GetValue(_blocks) && parse.GetValue(_shares))
        {
            throw UsageErrors.Excluding(_blocks, _shares);
        }

        if (parse.GetValue(_blocks))
        {
            IReadOnlyList<BlockFloorRow> rows = BlockFloorBench.Measure(
                options,
                session.Observer,
                session.Cancellation
            );
            return new CommandOutcome(new { Blocks = rows }, console => Write(console, rows));
        }

        if (parse.GetValue(_shares))
        {
            IReadOnlyList<KernelShareRow> rows = KernelShareBench.Measure(
                options,
                session.Observer,
                session.Cancellation
            );
            return new CommandOutcome(new { Kernels = rows }, console => Write(console, rows));
        }

        FloorBenchResult result = FloorBench.Measure(options, session.Observer, session.Cancellation);
        return new CommandOutcome(
            result,
            console =>
                console.WriteFacts(
                    (
                        "multiply-adds",
                        $"{result.MultiplyAdds / 1e9:F1} G at {result.PeakMultiplyAddsPerSecond / 1e9:F0} G/s: "
                            + $"{result.ComputeMs:F0} ms"
                    ),
                    (
                        "bytes",
                        $"{result.Bytes / 1e9:F2} GB at {result.PeakBytesPerSecond / 1e9:F1} GB/s: "
                            + $"{result.MemoryMs:F0} ms"
                    ),
                    (
                        "weight step",
                        $"{result.StepMs:F0} ms, {result.StepMs / Math.Max(result.ComputeMs, result.MemoryMs):F1} "
                            + $"times the larger of the two, "
                            + $"{result.StepMs / (result.ComputeMs + result.MemoryMs):F1} times their sum"
                    ),
                    (
                        "not convolution",
                        $"{result.Rest.SumMs:F1} ms, {result.Rest.SumMs / result.StepMs:P1} of the step: path "
                            + $"{result.Rest.PathMs:F1}, pooling, classifier and loss {result.Rest.ClassifierMs:F1}, "
                            + $"optimizer {result.Rest.OptimizerMs:F1} ms"
                    )
                )
        );
    }

    private static void Write(IAnsiConsole console, IReadOnlyList<BlockFloorRow> rows)
    {
        Table table = FittedTable.Of(
            ["block"],
            [
                "ms",
                "stored ms",
                "tiled ms",
                "multiply-adds at the peak ms",
                "bytes at the peak ms",
                "times the larger",
                "lost ms",
            ]
        );
        foreach (BlockFloorRow row in rows)
        {
            table.AddRow(
                Markup.Escape(row.Block),
                $"{row.Ms:F1}",
                $"{row.StoredMs:F1}",
                $"{row.TiledMs:F1}",
                $"{row.ComputeMs:F1}",
                $"{row.MemoryMs:F1}",
                $"{row.Ratio:F1}",
                $"{row.LostMs:F1}"
            );
        }

        BlockFloorRow worst = rows.MaxBy(row => row.Ratio)!;
        console.WriteFitted(table);
        console.WriteFacts(
            ("all blocks", $"{rows.Sum(row => row.Ms):F0} ms, {rows.Sum(row => row.FloorMs):F0} ms at the peak"),
            ("median", $"{SampleStatistics.Median([.. rows.Select(row => row.Ratio)]):F1} times the floor"),
            ("farthest from it", $"{worst.Block}: {worst.Ratio:F1} times")
        );
    }

    private static void Write(IAnsiConsole console, IReadOnlyList<KernelShareRow> rows)
    {
        Table table = FittedTable.Of(["kernel"], ["ms", "at the peak ms", "share"]);
        foreach (KernelShareRow row in rows)
        {
            table.AddRow(Markup.Escape(row.Kernel), $"{row.Ms:F2}", $"{row.PeakMs:F2}", $"{row.Share:P0}");
        }

        console.WriteFitted(table);
    }
}
