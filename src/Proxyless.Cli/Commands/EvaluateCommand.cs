using System.CommandLine;
using System.Globalization;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Files;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>Accuracy and latency of an exported model.</summary>
internal sealed class EvaluateCommand : ReportingCommand
{
    /// <summary>
    /// With more classes than this a confusion matrix is unreadable; the most frequent confusions are listed instead.
    /// </summary>
    private const int LargestMatrix = 12;

    private readonly ModelOption _model = new();

    private readonly Option<bool> _againstNetwork = new("--against-network")
    {
        Description =
            "Evaluate the network in the run's folder on the same images, and say how often the model agrees with it",
    };

    private readonly Option<string?> _against = Values.Text(
        "--against",
        "FILE|DIR",
        "Another model of the same classes and input, such as the one of floats: how often both give the same class"
    );

    private readonly PrecisionOption _precision = new(
        "Which model of a run: that of floats, or of 8-bit integers, which is compared with the other (the run's)"
    );

    public EvaluateCommand()
        : base(
            "evaluate",
            "Accuracy of a model.onnx on labeled images that it was not trained on, its confusions, and its latency "
                + "on this machine. Without --data, the folder of a run is evaluated on the run's own test images.",
            "proxyless evaluate --model runs/photos",
            "proxyless evaluate --model runs/photos --precision int8",
            "proxyless evaluate --model photos.onnx --data more-photos",
            "proxyless evaluate --model photos-int8.onnx --against photos.onnx --data more-photos"
        )
    {
        MainOptions = ["--model", "--weights", "--data", "--target", "--against-network", "--against", "--precision"];
        Add(_model.Options);
        Options.Add(_againstNetwork);
        Options.Add(_against);
        Options.Add(_precision.Option);
        Add(
            LibraryOptions
                .Images("the run's own; sample for a model file")
                .Place("the run's; cpu for a model file")
                .Options
        );
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string model = _model.FileOf(parse, session, Examples[0]);

        // A run's folder names its images; a model file only describes them.
        RunOptions others = Directory.Exists(model)
            ? RunProcess.OnThisMachine(RunConfigFile.Read(RunDirectory.Open(model).Config))
            : new RunOptions();
        EvaluateResult result = ProxylessRun.Evaluate(
            model,
            _precision.ForModelOf(parse, model, others, LibraryOptions.Read(parse, others)),
            parse.GetValue(_againstNetwork),
            parse.GetValue(_against) ?? (_precision.IsInteger(parse) ? model : null),
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(
            result,
            console =>
            {
                WriteConfusion(console, result);
                if (result.NetworkAgreement is { } agreement)
                {
                    console.WriteFacts(("same class as the network", Facts.Percent(agreement)));
                }

                if (result is { ModelAgreement: { } same, ScoreError: { } error })
                {
                    console.WriteFacts(
                        ("same class as the other model", Facts.Percent(same)),
                        ("error of the scores", $"{error:0.000} of their standard deviation")
                    );
                }

                console.WriteFacts(
                    ("top-1", Facts.Percent(result.Top1)),
                    ("top-5", Facts.Percent(result.Top5)),
                    ("images", $"{result.Images:N0}"),
                    ("latency, quiet machine", Facts.Milliseconds(result.QuietLatencyMs)),
                    (
                        "latency, median just now",
                        result.MedianLatencyMs is { } median
                            ? $"{Facts.Milliseconds(median)}, nine of ten runs under "
                                + Facts.Milliseconds(result.LatencyP90Ms)
                            : null
                    )
                );
            }
        );
    }

    private static void WriteConfusion(IAnsiConsole console, EvaluateResult result)
    {
        // Of a model of others they may be anything.
        string[] classes = [.. result.Classes.Select(ControlCharacters.Visible)];
        Table table;
        if (classes.Length <= LargestMatrix)
        {
            table = FittedTable.Of(["is, taken for"], classes);
            for (int i = 0; i < classes.Length; i++)
            {
                table.AddRow([
                    Markup.Escape(classes[i]),
                    .. result.Confusion[i].Select(count => count.ToString("N0", CultureInfo.InvariantCulture)),
                ]);
            }
        }
        else
        {
            table = FittedTable.Of(["is", "taken for"], ["images"]);
            IEnumerable<(int Class, int Answer, int Count)> confusions =
                from @class in Enumerable.Range(0, classes.Length)
                from answer in Enumerable.Range(0, classes.Length)
                where @class != answer && result.Confusion[@class][answer] > 0
                orderby result.Confusion[@class][answer] descending
                select (@class, answer, result.Confusion[@class][answer]);
            foreach ((int @class, int answer, int count) in confusions.Take(LargestMatrix))
            {
                table.AddRow(
                    Markup.Escape(classes[@class]),
                    Markup.Escape(classes[answer]),
                    count.ToString("N0", CultureInfo.InvariantCulture)
                );
            }
        }

        console.WriteFitted(table);
    }
}
