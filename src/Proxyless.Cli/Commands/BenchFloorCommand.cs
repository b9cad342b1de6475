using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;

namespace Proxyless.Cli.Commands;

/// <summary>A step beside the least that this machine could take for it.</summary>
internal sealed class BenchFloorCommand : ReportingCommand
{
    private readonly Option<string?> _space = Values.Text("--space", "NAME|FILE", "The space (imagenet-mobile)");
    private readonly Option<long?> _batch = Values.Integer("--batch", "Images of a step (32)", 1, 65536);
    private readonly Option<long?> _resolution = Values.Integer("--resolution", "Side of the images in pixels (the space's own)", 8, 2048);
    private readonly Option<long?> _steps = Values.Integer("--steps", "Steps to time (15)", 1, 100_000);
    private readonly Option<long?> _threads = Values.Integer("--threads", "Threads (all processors)", 1, 1024);

    public BenchFloorCommand()
        : base(
            "floor",
            "A weight step beside the time that its multiply-adds and its bytes would take at this machine's measured peak.",
            "proxyless bench floor --space imagenet-mobile --batch 32 --resolution 112")
    {
        Add([_space, _batch, _resolution, _steps, _threads]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        var defaults = new BenchOptions { Steps = 15 };
        FloorBenchResult result = FloorBench.Measure(
            defaults with
            {
                Space = parse.GetValue(_space) ?? defaults.Space,
                Batch = (int?)parse.GetValue(_batch) ?? defaults.Batch,
                Resolution = (int?)parse.GetValue(_resolution),
                Steps = (int?)parse.GetValue(_steps) ?? defaults.Steps,
                Threads = (int?)parse.GetValue(_threads),
            },
            session.Observer,
            session.Cancellation);
        return new CommandOutcome(result, console => console.WriteFacts(
            ("multiply-adds", $"{result.MultiplyAdds / 1e9:F1} G at {result.PeakMultiplyAddsPerSecond / 1e9:F0} G/s: {result.ComputeMs:F0} ms"),
            ("bytes", $"{result.Bytes / 1e9:F2} GB at {result.PeakBytesPerSecond / 1e9:F1} GB/s: {result.MemoryMs:F0} ms"),
            ("weight step", $"{result.StepMs:F0} ms, {result.StepMs / Math.Max(result.ComputeMs, result.MemoryMs):F1} times the larger of the two, {result.StepMs / (result.ComputeMs + result.MemoryMs):F1} times their sum")));
    }
}
