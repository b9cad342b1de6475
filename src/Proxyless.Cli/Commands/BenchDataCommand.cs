using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Runs;
using Spectre.Console;

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

    public BenchDataCommand()
        : base(
            "data",
            "Images per second, decoded and augmented as for training: compare them with the time of a step.",
            "proxyless bench data --data photos --resolution 224"
        )
    {
        Require(_data);
        Add([_resolution, _epochs, _threads]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        var options = new RunOptions
        {
            Data = new() { Path = parse.GetValue(_data)!, Resolution = (int?)parse.GetValue(_resolution) },
            Threads = (int?)parse.GetValue(_threads),
        };
        IReadOnlyList<DataBenchRow> rows = DataBench.Measure(
            options,
            (int?)parse.GetValue(_epochs) ?? 5,
            session.Observer,
            session.Cancellation
        );
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
}
