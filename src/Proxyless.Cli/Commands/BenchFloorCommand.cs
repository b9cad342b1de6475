using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;

namespace Proxyless.Cli.Commands;

/// <summary>A step compared with the least time that this machine could need.</summary>
internal sealed class BenchFloorCommand : ReportingCommand
{
    private readonly StepOptionSet _steps = new("Steps to time (15)");

    public BenchFloorCommand()
        : base(
            "floor",
            "A weight step compared with the time of its multiply-adds and its bytes at this machine's "
                + "measured peak.",
            "proxyless bench floor --space imagenet-mobile --batch 32 --resolution 112"
        )
    {
        Add(_steps.Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        FloorBenchResult result = FloorBench.Measure(
            _steps.Read(parse, new BenchOptions { Steps = 15 }),
            session.Observer,
            session.Cancellation
        );
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
                    )
                )
        );
    }
}
