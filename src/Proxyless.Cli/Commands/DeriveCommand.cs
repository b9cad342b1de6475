using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>Another architecture from a finished search.</summary>
internal sealed class DeriveCommand : ReportingCommand
{
    private readonly Option<bool> _quick = Values.Flag(
        "--quick",
        "Take what the architecture parameters alone give, in seconds, as --evaluations 0"
    );

    private readonly Option<string?> _run = Values.Text("--run", "DIR", "The folder of the finished search");

    public DeriveCommand()
        : base(
            "derive",
            "Take another architecture from a finished search, for a new limit, without searching again: networks are "
                + "scored with the weights of the search, which takes minutes. Limits that are not given stay as they "
                + "were.",
            "proxyless derive --run runs/photos --latency 6 --out runs/photos-6ms",
            "proxyless derive --run runs/photos --latency 6 --quick --out runs/photos-6ms-quick"
        )
    {
        MainOptions = ["--run", "--latency", "--max-parameters", "--max-macs", "--data", "--out"];
        Require(_run);
        Add(LibraryOptions.MovedImages().Limits("the search's").Evaluations().Output().Options);
        Add(OptionHeading.Search, _quick);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string run = parse.GetValue(_run)!;

        SearchResult result = ProxylessRun.Derive(run, ReadOptions(parse, run), session.Observer, session.Cancellation);
        return new CommandOutcome(result, console => console.WriteSearch(result));
    }

    /// <summary>All is as it was when the run was searched, but for the limits that are given and the folder.</summary>
    internal RunOptions ReadOptions(ParseResult parse, string run)
    {
        RunOptions options = LibraryOptions.Read(
            parse,
            RunConfigFile.Read(RunDirectory.Open(run).Config) with
            {
                Out = null,
            }
        );
        return parse.GetValue(_quick) ? options with { Evaluations = 0 } : options;
    }
}
