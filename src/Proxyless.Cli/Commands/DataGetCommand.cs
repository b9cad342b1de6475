using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Data;

namespace Proxyless.Cli.Commands;

/// <summary>Downloads a public dataset.</summary>
internal sealed class DataGetCommand : ReportingCommand
{
    private readonly Argument<string> _name = new("name") { Description = "What to download" };
    private readonly Option<string?> _out = Values.Text("--out", "DIR", "The folder to write (the dataset's name)");

    public DataGetCommand()
        : base(
            "get",
            "Download a public dataset: "
                + string.Join("; ", PublicDataset.All.Select(dataset => $"{dataset.Name}, {dataset.Description}"))
                + ".",
            "proxyless data get cifar10",
            "proxyless data get imagenette-160 --out photos"
        )
    {
        _name.Validators.Add(result => Values.RefuseNothing(result, result.Tokens, "the dataset's name"));
        Arguments.Add(_name);
        Options.Add(_out);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        PublicDataset dataset = PublicDataset.ByName(parse.GetValue(_name)!);
        string folder = parse.GetValue(_out) ?? dataset.Name;
        OutputFile.CheckFolder(_out.Name, folder);
        DatasetDownload.RunAsync(dataset, folder, session.Observer, session.Cancellation).GetAwaiter().GetResult();
        return new CommandOutcome(
            new { dataset.Name, Folder = folder },
            console =>
            {
                console.WriteFacts(("dataset", dataset.Description), ("folder", folder));
                console.WriteNext($"proxyless run --data {Facts.Quoted(folder)}");
            }
        );
    }
}
