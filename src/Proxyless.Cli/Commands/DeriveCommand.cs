using System.CommandLine;
using Proxyless.Cli.Options;

namespace Proxyless.Cli.Commands;

/// <summary>Another architecture from a finished search.</summary>
internal sealed class DeriveCommand : ReportingCommand
{
    private readonly Option<string?> _run = Values.Text("--run", "DIR", "The folder of the finished search");

    public DeriveCommand()
        : base(
            "derive",
            "Take another architecture from a finished search, for a new limit, without searching again.",
            "proxyless derive --run runs/photos --latency 6 --out runs/photos-6ms")
    {
        Require(_run);
        Add(LibraryOptions.Limits().Output().Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        SearchResult result = ProxylessRun.Derive(parse.GetValue(_run)!, LibraryOptions.Read(parse), session.Observer, session.Cancellation);
        return new CommandOutcome(result, console => console.WriteSearch(result));
    }
}
