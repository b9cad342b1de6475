using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Latency;

namespace Proxyless.Cli.Commands;

/// <summary>Keeps a target under a name.</summary>
internal sealed class TargetAddCommand : ReportingCommand
{
    private readonly Option<string?> _name = Values.Text("--name", "NAME", "The name for --target from now on");
    private readonly Option<string?> _file = Values.Text(
        "--file",
        "FILE.yaml",
        "Its description; docs/targets.md explains the kinds local, agent, table, command and devices"
    );
    private readonly Option<bool> _overwrite = Values.Flag("--overwrite", "Replace a target of that name");

    public TargetAddCommand()
        : base(
            "add",
            "Keep a target under a name, for use with --target.",
            "proxyless target add --name board --file configs/targets/board.yaml"
        )
    {
        Require(_name);
        Require(_file);
        Options.Add(_overwrite);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string name = parse.GetValue(_name)!;
        using ITarget target = TargetFile.Add(name, parse.GetValue(_file)!, parse.GetValue(_overwrite));
        return new CommandOutcome(
            new
            {
                Name = name,
                Target = TargetSummary.Of(target),
                TargetFile.Folder,
            },
            console =>
            {
                console.WriteFacts(("target", name), ("is", TargetSummary.Of(target)), ("kept in", TargetFile.Folder));
                console.WriteNext($"proxyless target check --target {name}");
            }
        );
    }
}
