using System.CommandLine;
using Proxyless.Architectures;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Latency;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>Whether a search for one target finds what a search for another does.</summary>
internal sealed class BenchOrderCommand : ReportingCommand
{
    private readonly SpaceOptions _space = new();
    private readonly Option<string?> _target = Values.Text("--target", "NAME|FILE", "The first target (cpu)");
    private readonly Option<string?> _other = Values.Text("--other", "NAME|FILE", "The second target (cpu+int8)");
    private readonly Option<long?> _networks = Values.Integer(
        "--networks",
        "Random networks to measure on both targets (20)",
        2,
        1000
    );
    private readonly Option<bool> _thorough = Values.Flag("--thorough", "Minutes for a table instead of seconds");

    public BenchOrderCommand()
        : base(
            "order",
            "How alike two targets order the networks of a space by latency: if they agree, one search serves both.",
            "proxyless bench order --space imagenet-mobile --resolution 112 --target cpu --other cpu+int8"
        )
    {
        Require(_space.Space);
        Add([_target, _other, _space.Resolution, _networks, _thorough]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        SearchSpace space = _space.Open(parse);
        using ITarget first = TargetFile.Open(parse.GetValue(_target) ?? "cpu");
        using ITarget second = TargetFile.Open(parse.GetValue(_other) ?? "cpu+int8");
        OrderBenchResult result = OrderBench.Measure(
            space,
            classes: 1000,
            first,
            second,
            (int)(parse.GetValue(_networks) ?? 20),
            parse.GetValue(_thorough) ? ProfileMode.Thorough : ProfileMode.Quick,
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(result, console => Write(console, result));
    }

    private static void Write(IAnsiConsole console, OrderBenchResult result)
    {
        Table table = FittedTable.Of(["random networks"], [.. result.Targets, "within both"]);
        foreach (SharedRank rank in result.Ranks)
        {
            table.AddRow(
                $"the fastest {rank.Rank:P0}",
                $"up to {MillisecondText.Of(rank.FirstMs)} ms",
                $"up to {MillisecondText.Of(rank.SecondMs)} ms",
                $"{rank.Both:P0}"
            );
        }

        console.WriteFitted(table);
        console.WriteFacts(
            ("Kendall's tau", $"{result.TauOfRandom:0.00} over {result.Networks:N0} random networks, by the tables"),
            ("over all latencies", $"{result.TauOfSpread:0.00} over {result.Networks:N0} networks, by the tables"),
            (
                "measured",
                result.TauOfMeasured is { } tau
                    ? $"{tau:0.00} over {result.Measured.Count} random networks{Interval(result)}"
                    : "nothing: a table runs no models"
            )
        );
    }

    private static string Interval(OrderBenchResult result) =>
        result.IntervalOfMeasured is [var low, var high] ? $" (95 %: {low:0.00} to {high:0.00})" : "";
}
