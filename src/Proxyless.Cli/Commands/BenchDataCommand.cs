using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Runs;
using Spectre.Console;
using static System.FormattableString;

namespace Proxyless.Cli.Commands;

/// <summary>The image pipeline alone.</summary>
internal sealed class BenchDataCommand : ReportingCommand
{
    private readonly Option<string?> _data = Values.Text(
        "--data",
        "DIR|NAME",
        "A folder of images, a folder of CIFAR-10 or IDX files, or 'sample'"
    );
    private readonly Option<long?> _resolution = Values.Integer(
        "--resolution",
        "Side of the images in pixels (224, or that of small images)",
        DataOptions.Ranges[nameof(DataOptions.Resolution)]
    );
    private readonly Option<long?> _epochs = Values.Integer(
        "--epochs",
        "Number of timed passes over the images, after a first one that is not timed (5)",
        1,
        10_000
    );
    private readonly Option<long?> _threads = Values.Integer(
        "--threads",
        "Threads (one, then all processors)",
        RunOptions.Ranges[nameof(RunOptions.Threads)]
    );

    private readonly Option<double?> _megapixels = Values.Number(
        "--megapixels",
        "N",
        "Enlarge the photographs to N million pixels first, and time epochs with and without small copies in turn",
        new NumberRange(0.1, 100)
    );
    private readonly Option<long?> _images = Values.Integer(
        "--images",
        "Number of enlarged photographs; small ones are used several times (300)",
        1,
        100_000
    );

    public BenchDataCommand()
        : base(
            "data",
            "Images per second, decoded and augmented as for training: compare them with the time of a step.",
            "proxyless bench data --data photos --resolution 224",
            "proxyless bench data --data photos --resolution 112 --megapixels 12"
        )
    {
        Require(_data);
        Add([_resolution, _epochs, _threads, _megapixels, _images]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        var options = new RunOptions
        {
            Data = new() { Path = parse.GetValue(_data)!, Resolution = (int?)parse.GetValue(_resolution) },
            Threads = (int?)parse.GetValue(_threads),
        };
        int epochs = (int?)parse.GetValue(_epochs) ?? 5;
        int? images = (int?)parse.GetValue(_images);
        if (parse.GetValue(_megapixels) is { } megapixels)
        {
            PhotographBenchResult result = PhotographBench.Measure(
                options,
                megapixels,
                images ?? 300,
                epochs,
                session.Observer,
                session.Cancellation
            );
            return new CommandOutcome(result, console => Write(console, result));
        }

        if (images is not null)
        {
            throw new InvalidInputException("--images is the number of photographs that --megapixels makes; give both");
        }

        IReadOnlyList<DataBenchRow> rows = DataBench.Measure(options, epochs, session.Observer, session.Cancellation);
        return new CommandOutcome(
            new { Rows = rows },
            console =>
            {
                Table table = FittedTable.Of(
                    [],
                    ["threads", "images", "resolution", "images/s", "fastest", "times one thread"]
                );
                foreach (DataBenchRow row in rows)
                {
                    table.AddRow(
                        $"{row.Threads}",
                        $"{row.Images:N0}",
                        $"{row.Resolution}",
                        $"{row.ImagesPerSecond:N0}",
                        $"{row.BestImagesPerSecond:N0}",
                        rows[0].Threads == 1 ? $"{row.ImagesPerSecond / rows[0].ImagesPerSecond:F2}" : ""
                    );
                }

                console.WriteFitted(table);
            }
        );
    }

    private static void Write(IAnsiConsole console, PhotographBenchResult result) =>
        console.WriteFacts(
            (
                "photographs",
                Invariant($"{result.Images:N0} of {result.Megapixels:0.#} million pixels, ")
                    + Invariant($"{result.PhotographBytes / 1e6:N0} MB, {result.Threads} threads")
            ),
            ("copies", Invariant($"shorter side {result.CopySide} pixels, {result.CopyBytes / 1e6:F1} MB")),
            ("photographs examined, and an epoch", Seconds(result.Photographs)),
            (
                "copies made, and an epoch",
                $"{Seconds(result.First)}, {Invariant($"{result.FirstRatio:F2}")} times as long"
            ),
            ("the same when they are there", Seconds(result.Copies)),
            (
                "an epoch with copies",
                Invariant($"{result.SpeedUp:F1} times as fast (at least {result.LeastSpeedUp:F1})")
            )
        );

    private static string Seconds(PhotographTimes times) =>
        Invariant($"{times.OpenSeconds:F2} + {times.EpochSeconds:F2} s");
}
