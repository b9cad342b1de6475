using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Latency;

namespace Proxyless.Cli.Commands;

/// <summary>Lists the targets that are kept by name.</summary>
internal sealed class TargetListCommand : ReportingCommand
{
    public TargetListCommand()
        : base("list", "The targets that are kept by name, and this processor.", "proxyless target list") { }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        List<(string Name, string Id)> targets = [(new LocalTarget().Name, new LocalTarget().Id)];
        foreach (string name in TargetFile.Names())
        {
            try
            {
                using ITarget target = TargetFile.Open(name);
                targets.Add((name, TargetSummary.Of(target)));
            }
            catch (InvalidInputException exception)
            {
                // One that no longer works must not hide the others.
                targets.Add((name, $"cannot be used: {LibraryWords.Translate(exception.Message)}"));
            }
        }

        return new CommandOutcome(
            new { Folder = TargetFile.Folder, Targets = targets.Select(target => new { target.Name, target.Id }) },
            console => console.WriteFacts([.. targets.Select(target => (target.Name, (string?)target.Id))])
        );
    }
}
