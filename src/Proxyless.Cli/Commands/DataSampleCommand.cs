using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Data;

namespace Proxyless.Cli.Commands;

/// <summary>Draws the built-in sample images into a folder.</summary>
internal sealed class DataSampleCommand : ReportingCommand
{
    private readonly Option<string?> _out = Values.Text("--out", "DIR", "The folder to write");
    private readonly Option<long?> _size = Values.Integer(
        "--resolution",
        "Side of the images in pixels (32)",
        16,
        1024
    );
    private readonly Option<long?> _training = Values.Integer(
        "--training",
        "Training images of each class (250)",
        1,
        1_000_000
    );
    private readonly Option<long?> _test = Values.Integer("--test", "Test images of each class (50)", 1, 1_000_000);
    private readonly Option<long?> _seed = Values.Integer(
        "--seed",
        "Another seed draws other images (0)",
        0,
        int.MaxValue
    );

    public DataSampleCommand()
        : base(
            "sample",
            "Draw sample images of eight shapes into a folder, to see what a folder of images looks like.",
            "proxyless data sample --out shapes --resolution 64"
        )
    {
        Require(_out);
        Add([_size, _training, _test, _seed]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string folder = parse.GetValue(_out)!;
        OutputFile.CheckFolder(_out.Name, folder);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new InvalidInputException($"--out '{folder}' is not empty; give another folder");
        }

        int size = (int)(parse.GetValue(_size) ?? 32);
        int training = (int)(parse.GetValue(_training) ?? 250);
        int test = (int)(parse.GetValue(_test) ?? 50);
        int seed = (int)(parse.GetValue(_seed) ?? 0);
        SampleImages.WriteNew(folder, size, training, test, seed, session.Observer, session.Cancellation);
        var result = new
        {
            Folder = folder,
            SampleImages.Classes,
            Resolution = size,
            Training = training * SampleImages.Classes.Count,
            Test = test * SampleImages.Classes.Count,
        };
        return new CommandOutcome(
            result,
            console =>
            {
                console.WriteFacts(
                    ("folder", folder),
                    ("classes", string.Join(", ", result.Classes)),
                    ("images", $"{result.Training:N0} to train, {result.Test:N0} to test")
                );
                console.WriteNext($"proxyless run --data {Facts.Quoted(folder)}");
            }
        );
    }
}
