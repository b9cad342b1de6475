using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>A pretrained network at half of its latency, in two ways.</summary>
internal sealed class BenchNarrowCommand : ReportingCommand
{
    private readonly Option<long?> _seeds = Values.Integer("--seeds", "Trainings of each network (5)", 1, 100);
    private readonly Option<long?> _steps = Values.Integer(
        "--steps",
        "The most steps of a training (600)",
        1,
        1_000_000
    );

    public BenchNarrowCommand()
        : base(
            "narrow",
            "The accuracy of a pretrained network after fine-tuning: whole, at half of its latency by the choice of "
                + "'run --weights' at one resolution, and with the same share of hidden channels in every block.",
            "proxyless bench narrow --weights efficientnet-lite0 --data photos --resolution 112"
        )
    {
        Add([_seeds, _steps]);
        Add(LibraryOptions.Data().Target().NamedWeights().Learning().Machine().Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        IReadOnlyList<NarrowBenchRow> rows = NarrowBench.Measure(
            LibraryOptions.Read(parse),
            (int?)parse.GetValue(_seeds) ?? 5,
            (int?)parse.GetValue(_steps) ?? 600,
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(rows, console => WriteTable(console, rows));
    }

    private static void WriteTable(IAnsiConsole console, IReadOnlyList<NarrowBenchRow> rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("network");
        foreach (string column in (string[])["latency, by the table", "multiply-adds", "top-1, mean", "top-1", "p"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (NarrowBenchRow row in rows)
        {
            table.AddRow(
                row.Name,
                Facts.Milliseconds(row.LatencyMs)!,
                $"{row.MultiplyAdds:N0}",
                Facts.Percent(row.Top1.Average()),
                string.Join(' ', row.Top1.Select(top1 => $"{100 * top1:F2}")),
                row.PValue is { } p ? $"{p:G2}" : ""
            );
        }

        console.Write(table);
        console.WriteLine("p: Welch's test against the uniformly thinned network");
    }
}
