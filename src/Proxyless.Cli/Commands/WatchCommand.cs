using System.CommandLine;
using System.Net;
using Proxyless.Cli.Options;
using Proxyless.Cli.Watch;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>A page of runs while they go on.</summary>
internal sealed class WatchCommand : ReportingCommand
{
    private readonly Option<long?> _port = Values.Integer(
        "--port",
        "The port of the page on this machine; 0: any that is free (0)",
        0,
        IPEndPoint.MaxPort
    );

    private readonly Argument<string[]> _runs = new("runs")
    {
        Description = "The folders of runs, finished or not",
        Arity = ArgumentArity.OneOrMore,
    };

    public WatchCommand()
        : base(
            "watch",
            "A page in the browser with the reports of runs, side by side, refreshed while they go on. Only this "
                + "machine can open it, by the address that is printed. Ctrl-C ends it; the runs go on.",
            "proxyless watch runs/photos",
            "proxyless watch runs/photos runs/photos-6ms --port 8080"
        )
    {
        Options.Add(_port);
        _runs.Validators.Add(result => Values.RefuseNothing(result, result.Tokens, "a run's folder"));
        Arguments.Add(_runs);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string[] folders = parse.GetValue(_runs)!;
        foreach (string folder in folders)
        {
            RunDirectory.Open(folder);
        }

        using var page = OpenPage.Of(
            folders,
            (int)(parse.GetValue(_port) ?? 0),
            "Ctrl-C ends this",
            session,
            parse.GetValue(Quiet)
        );
        session.Cancellation.WaitHandle.WaitOne();
        return new CommandOutcome(
            new { page.Address, Runs = folders },
            console => console.WriteLine($"watched {folders.Length} {(folders.Length == 1 ? "run" : "runs")}")
        );
    }
}
