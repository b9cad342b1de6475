using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Comparisons;
using Proxyless.Files;
using Spectre.Console;
using static Proxyless.Comparisons.ComparisonTables;

namespace Proxyless.Cli.Commands;

/// <summary>Compares networks.</summary>
internal sealed class CompareCommand : ReportingCommand
{
    private static readonly string[] MayDiffer =
    [
        "--join",
        "--out",
        "--data",
        "--threads",
        "--checkpoint-seconds",
        "--json",
        "--quiet",
        "--config",
    ];

    private readonly Option<string[]> _networks = Values.Texts(
        "--network",
        "NETWORK",
        $"A network, or several; the option may be repeated: {NetworkRequest.Forms}"
    );

    private readonly Option<string[]> _without = Values.Texts(
        "--without",
        "NAME",
        "With --resume: a network, by its name in the table, to remove with all its trainings, for instance if one "
            + "of them diverges; may be repeated"
    );

    private readonly Option<long?> _seeds = Values.Integer(
        "--seeds",
        "Trainings of each network, from different seeds (1)",
        1,
        1000
    );
    private readonly Option<string[]> _targets = Values.Texts(
        "--targets",
        "TARGET",
        "A target besides --target on which every network is also measured; may be repeated; with +int8 behind one, "
            + "each network is also compared as an integer model"
    );

    private readonly Option<string?> _scoredBy = Values.Text(
        "--scored-by",
        "DIR",
        "A finished search in the same space: how its shared weights rank the networks is compared with their accuracy"
    );

    private readonly PrecisionOption _precision = new(
        "What the limit is for (float): models of floats, or those of 8-bit integers; with int8 each network is "
            + "compared in both, as two networks"
    );

    private readonly Option<bool> _join = Values.Flag(
        "--join",
        "Do trainings of the comparison in --out, which another process leads, until all are done"
    );

    public CompareCommand()
        : base(
            "compare",
            "Train networks with one recipe, measure them on one target, and compare them: a table, tests of the "
                + "difference, a plot of accuracy against latency. --resume continues a stopped comparison; "
                + "networks and seeds can be added then, and networks removed.",
            "proxyless compare --data photos --latency 8 --network runs/photos --network random:12 --network "
                + "mobilenet-v2:fit --train-epochs 10 --out comparisons/photos",
            "proxyless compare --data photos --target cpu+int8 --network runs/photos --network mobilenet-v2:fit",
            "proxyless compare --out comparisons/photos --resume --network proxyless-mobile",
            "proxyless compare --out comparisons/photos --join"
        )
    {
        MainOptions =
        [
            "--network",
            "--data",
            "--target",
            "--latency",
            "--space",
            "--max-parameters",
            "--seeds",
            "--train-epochs",
            "--out",
            "--resume",
        ];
        Add(OptionHeading.Comparison, _networks, _without, _seeds, _targets, _scoredBy, _join);
        Add(OptionHeading.Limits, _precision.Option);
        Add(
            LibraryOptions
                .Data()
                .Space()
                .Target()
                .Limits()
                .Learning()
                .Recipe()
                .Machine()
                .Output()
                .Events()
                .Resume()
                .Options
        );
    }

    /// <summary>Whether the process works for another one that leads.</summary>
    public bool IsJoining(ParseResult parse) => parse.GetValue(_join);

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        if (IsJoining(parse))
        {
            return Join(parse, session);
        }

        var options = new ComparisonOptions
        {
            Run = _precision.Apply(parse, ReadResumable(parse, given: begun => _precision.Unapply(parse, begun))),
            Networks = parse.GetValue(_networks) ?? [],
            Without = parse.GetValue(_without) ?? [],
            Seeds = (int?)parse.GetValue(_seeds),
            Targets = parse.GetValue(_targets) ?? [],
            ScoredBy = parse.GetValue(_scoredBy),
        };
        ComparisonResult result = ProxylessComparison.Run(options, session.Observer, session.Cancellation);
        return new CommandOutcome(result, console => Write(console, result));
    }

    /// <summary>All but the folders and the number of threads is the comparison's own.</summary>
    private CommandOutcome Join(ParseResult parse, CommandSession session)
    {
        string[] others =
        [
            .. parse
                .CommandResult.Children.OfType<OptionResult>()
                .Where(option => !option.Implicit && !MayDiffer.Contains(option.Option.Name))
                .Select(option => option.Option.Name),
        ];
        if (others.Length > 0)
        {
            throw new InvalidInputException(
                $"--join takes part in a comparison as it was begun, and cannot change {string.Join(", ", others)}; "
                    + "leave that out"
            );
        }

        JoinedComparison joined = ProxylessComparison.Join(
            LibraryOptions.Read(parse),
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(
            joined,
            console =>
                console.WriteFacts(
                    ("trainings of this process", joined.Trainings.ToString(CultureInfo.InvariantCulture)),
                    ("comparison", joined.Folder)
                )
        );
    }

    private static void Write(IAnsiConsole console, ComparisonResult result)
    {
        console.WriteFitted(NetworkTable(result), "multiply-adds", "parameters", "deviation", "group");
        console.WriteFitted(GroupTable(result), "deviation", "networks");
        console.WriteFacts(
            ("target", result.Target),
            ("limit", $"{MillisecondText.Short(result.LatencyLimitMs)} ms"),
            (
                "shared weights against training",
                result.Scores is { } scores
                    ? $"Kendall tau {scores.KendallTau:0.00} ({scores.Low:0.00} to {scores.High:0.00}), "
                        + $"{scores.Networks} networks"
                    : null
            ),
            ("report", Path.Combine(result.Folder, "report.html")),
            ("files", $"comparison.md, comparison.csv, comparison.svg in {result.Folder}")
        );
    }

    private static Table NetworkTable(ComparisonResult result)
    {
        string[] targets = [.. result.Networks.Take(1).SelectMany(network => network.OtherLatenciesMs.Keys)];
        Table table = FittedTable.Of(
            ["group", "network"],
            [
                "top-1",
                "deviation",
                "latency",
                "parameters",
                "multiply-adds",
                .. targets.Select(target => $"on {target}"),
            ]
        );
        foreach (NetworkResult network in result.Networks)
        {
            table.AddRow([
                Markup.Escape(ControlCharacters.Visible(network.Group)),
                Markup.Escape(ControlCharacters.Visible(network.Name)),
                Facts.Percent(network.Top1),
                Points(network.Top1Deviation),
                $"{MillisecondText.Of(network.LatencyMs)} ms",
                network.Parameters.ToString("N0", CultureInfo.InvariantCulture),
                network.MultiplyAdds.ToString("N0", CultureInfo.InvariantCulture),
                .. targets.Select(target => $"{MillisecondText.Of(network.OtherLatenciesMs[target])} ms"),
            ]);
        }

        return table;
    }

    private static Table GroupTable(ComparisonResult result)
    {
        Table table = FittedTable.Of(["group"], ["networks", "top-1", "deviation", "latency", "difference", "p"]);
        foreach (GroupResult group in result.Groups)
        {
            table.AddRow(
                Markup.Escape(ControlCharacters.Visible(group.Group)),
                group.Networks.ToString(CultureInfo.InvariantCulture),
                Facts.Percent(group.Top1),
                Points(group.Top1Deviation),
                $"{MillisecondText.Of(group.LatencyMs)} ms",
                group.Difference is { } difference
                    ? $"{Points(difference)} against {Markup.Escape(ControlCharacters.Visible(group.Against!))}"
                    : "",
                Probability(group.P)
            );
        }

        return table;
    }
}
