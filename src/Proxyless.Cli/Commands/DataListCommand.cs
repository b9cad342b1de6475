using System.CommandLine;
using System.Globalization;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Data;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>Lists the contents of a source of images.</summary>
internal sealed class DataListCommand : ReportingCommand
{
    public DataListCommand()
        : base(
            "list",
            "What a folder of images holds: its classes, how it is divided, and what is wrong with it. Without "
                + "--data: the built-in samples.",
            "proxyless data list --data photos"
        )
    {
        Add(LibraryOptions.DividedImages().Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        RunOptions options = LibraryOptions.Read(parse);
        ImageDataset dataset = ImageDataset.Open(
            new DatasetOptions
            {
                Location = options.Data.Path,
                Channels = options.Data.Channels,
                Strict = options.Data.Strict,
                MaxPixels = options.Data.MaxPixels,
                ValidationShare = options.Data.ValidationShare,
                TestShare = options.Data.TestShare,
            },
            session.Observer,
            session.Cancellation
        );
        IReadOnlyList<int> training = dataset.Training.ClassCounts();
        IReadOnlyList<int> validation = dataset.Validation.ClassCounts();
        IReadOnlyList<int> test = dataset.Test.ClassCounts();
        var result = new
        {
            dataset.Name,
            dataset.Channels,
            Resolution = dataset.NativeResolution,
            Training = dataset.Training.Count,
            Validation = dataset.Validation.Count,
            Test = dataset.Test.Count,
            Classes = dataset.Classes.Select(
                (name, i) =>
                    new
                    {
                        Name = name,
                        Training = training[i],
                        Validation = validation[i],
                        Test = test[i],
                    }
            ),
            Warnings = dataset.Warnings.Select(warning => LibraryWords.Translate(warning)),
        };
        return new CommandOutcome(
            result,
            console =>
            {
                Table table = FittedTable.Of(["class"], ["training", "validation", "test"]);
                for (int i = 0; i < dataset.Classes.Count; i++)
                {
                    table.AddRow(
                        Markup.Escape(dataset.Classes[i]),
                        Text(training[i]),
                        Text(validation[i]),
                        Text(test[i])
                    );
                }

                console.WriteFitted(table);
                console.WriteFacts(
                    (
                        "images",
                        $"{dataset.Training.Count:N0} to train, {dataset.Validation.Count:N0} to validate, "
                            + $"{dataset.Test.Count:N0} to test"
                    ),
                    (
                        "size",
                        dataset.NativeResolution > 0
                            ? $"{dataset.NativeResolution}x{dataset.NativeResolution}"
                            : "no small squares of one size"
                    ),
                    ("channels", Text(dataset.Channels))
                );
                console.WriteNext($"proxyless run --data {Facts.Quoted(options.Data.Path)}");
            }
        );
    }

    private static string Text(int count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
