using System.CommandLine;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>The pipeline up to <c>architecture.json</c>.</summary>
internal sealed class SearchCommand : ReportingCommand
{
    public SearchCommand()
        : base(
            "search",
            "Search a network and stop at its architecture.json, before the training.",
            "proxyless search --data photos --space imagenet-mobile --latency 12 --out runs/photos",
            "proxyless search --data photos --latency 3,5,8 --out runs/photos",
            "proxyless search --data photos --target cpu --target board --latency cpu=12 --latency board=40 --out "
                + "runs/photos"
        )
    {
        MainOptions =
        [
            "--data",
            "--target",
            "--latency",
            "--time",
            "--space",
            "--max-parameters",
            "--search-epochs",
            "--seed",
            "--out",
            "--resume",
        ];
        Add(
            LibraryOptions
                .Data()
                .Search()
                .Targets()
                .Time("search")
                .Learning()
                .Machine()
                .Output()
                .Events()
                .Resume()
                .Options
        );
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session) =>
        SearchSummary.Outcome(ProxylessRun.SearchAll(ReadResumable(parse), session.Observer, session.Cancellation));
}
