using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>A pretrained network at half of its latency, in two ways.</summary>
internal sealed class BenchNarrowCommand : ReportingCommand
{
    private readonly Option<string?> _other = Values.Text(
        "--other",
        "NAME|FILE",
        "Another target: compare the choice for it, at the latency there of the choice for --target (none)"
    );
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
                + "'run --weights' at one resolution, and with the same share of hidden channels in every block; or "
                + "chosen for one target and for another.",
            "proxyless bench narrow --weights timm-efficientnet-lite0 --data photos --resolution 112",
            "proxyless bench narrow --weights timm-efficientnet-lite0 --data photos --resolution 112 --other cpu+int8"
        )
    {
        Add([_other, _seeds, _steps]);
        Add(LibraryOptions.Data().Target().NamedWeights().Teacher().Learning().Machine().Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        IReadOnlyList<NarrowBenchRow> rows = NarrowBench.Measure(
            LibraryOptions.Read(parse),
            parse.GetValue(_other),
            (int?)parse.GetValue(_seeds) ?? 5,
            (int?)parse.GetValue(_steps) ?? 600,
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(new { Rows = rows }, console => WriteTable(console, rows));
    }

    private static void WriteTable(IAnsiConsole console, IReadOnlyList<NarrowBenchRow> rows)
    {
        Table table = FittedTable.Of(
            ["network"],
            [
                "latency, by the table",
                "on the other",
                "multiply-adds",
                "features lost",
                "top-1, mean",
                "top-1",
                "as int8",
                "p",
            ]
        );
        foreach (NarrowBenchRow row in rows)
        {
            table.AddRow(
                Markup.Escape(row.Name),
                Facts.Milliseconds(row.LatencyMs)!,
                Facts.Milliseconds(row.OtherLatencyMs) ?? "",
                $"{row.MultiplyAdds:N0}",
                Facts.Percent(row.FeatureLoss),
                Facts.Percent(row.Top1.Average()),
                Percentages(row.Top1),
                row.Top1OfIntegers is { } integers ? Percentages(integers) : "",
                row.PValue is { } p ? $"{p:G2}" : ""
            );
        }

        console.WriteFitted(table);
        console.WriteLine("features lost: of their variance over test images, before any training");
        console.WriteLine("p: Welch's test against the first network, as int8 if that was evaluated");
    }

    private static string Percentages(IReadOnlyList<double> shares) =>
        string.Join(' ', shares.Select(share => $"{100 * share:F2}"));
}
