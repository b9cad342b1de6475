using System.CommandLine;

namespace Proxyless.Cli.Commands;

/// <summary>The road up to <c>architecture.json</c>.</summary>
internal sealed class SearchCommand : ReportingCommand
{
    public SearchCommand()
        : base(
            "search",
            "Search a network and stop at its architecture.json, before the training.",
            "proxyless search --data photos --space imagenet-mobile --latency 12 --out runs/photos")
    {
        Add(LibraryOptions.Data().Search().Target().Limits().Time().Learning().Machine().Output().Resume().Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        SearchResult result = ProxylessRun.Search(ReadResumable(parse), session.Observer, session.Cancellation);
        return new CommandOutcome(result, console => console.WriteSearch(result));
    }
}
