using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Cli.Commands;

/// <summary>Derives another architecture from a finished search.</summary>
internal sealed class DeriveCommand : ReportingCommand
{
    private readonly Option<bool> _quick = Values.Flag(
        "--quick",
        "Let only the architecture parameters choose, in seconds, as --evaluations 0 does"
    );

    private readonly Option<bool> _train = Values.Flag(
        "--train",
        "Train each derived network and write it as ONNX, as 'proxyless train --arch' does"
    );

    private readonly RunOptionSet _trainingOptions = new();
    private readonly IReadOnlyList<Option> _training;
    private readonly IReadOnlyList<Option> _scoring;

    private readonly Option<string?> _run = Values.Text("--run", "DIR", "The folder of the finished search");

    public DeriveCommand()
        : base(
            "derive",
            "Derive another architecture from a finished search, for a new limit, without searching again: networks "
                + "are scored with the weights of the search, which takes minutes. Limits that are not given stay "
                + "unchanged.",
            "proxyless derive --run runs/photos --latency 6 --out runs/photos-6ms",
            "proxyless derive --run runs/photos --latency 3,5,8 --out runs/photos-front",
            "proxyless derive --run runs/photos --latency 6 --train --from-supernet --out runs/photos-6ms-trained",
            "proxyless derive --run runs/photos --latency 6 --quick --out runs/photos-6ms-quick"
        )
    {
        MainOptions = ["--run", "--latency", "--max-parameters", "--max-macs", "--train", "--data", "--out"];
        Require(_run);
        _training = [.. _trainingOptions.Time("training of each network").Training().Options];
        Add(LibraryOptions.MovedImages().DerivedLimits().Evaluations().Output().Options);
        _scoring = [.. LibraryOptions.Options.Where(option => option.Name is "--evaluations" or "--finalists")];
        Add(OptionHeading.Search, _quick);
        Add(OptionHeading.Training, [_train, .. _training]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string run = parse.GetValue(_run)!;
        RunOptions options = ReadOptions(parse, run);
        LimitResults<SearchResult> derived = ProxylessRun.DeriveAll(
            run,
            options,
            session.Observer,
            session.Cancellation
        );
        return parse.GetValue(_train) ? Train(derived, options.Data.Path, session) : SearchSummary.Outcome(derived);
    }

    /// <summary>The file of a run has the options of its training too, and may have those of its scores.</summary>
    public override bool HasUseFor(Option option, ParseResult given, IReadOnlyList<string> names) =>
        _training.Contains(option)
            ? given.GetValue(_train) || names.Contains(_train.Name.TrimStart('-'))
            : !_scoring.Contains(option) || !given.GetValue(_quick);

    /// <summary>Reads over the options of the searched run: a limit may be of any of its targets.</summary>
    public override void CheckRanges(ParseResult parse)
    {
        if (parse.GetValue(_run) is { } run && File.Exists(new RunDirectory(run).Config))
        {
            // The training comes after minutes of work.
            ReadOptions(parse, run).ValidateForTraining();
        }
        else
        {
            base.CheckRanges(parse);
        }
    }

    /// <summary>All options are those of the searched run, except for the given limits and the folder.</summary>
    internal RunOptions ReadOptions(ParseResult parse, string run)
    {
        if (!parse.GetValue(_train) && _training.FirstOrDefault(parse.IsGiven) is { } idle)
        {
            throw UsageErrors.Idle(idle, _train);
        }

        if (parse.GetValue(_quick) && _scoring.FirstOrDefault(parse.IsGiven) is { } scored)
        {
            throw UsageErrors.Excluding(_quick, scored);
        }

        if (_scoring.All(parse.IsGiven))
        {
            LibraryOptions.Read(parse).Search.RequireScores();
        }

        RunOptions options = _trainingOptions.Read(
            parse,
            LibraryOptions.Read(
                parse,
                RunConfigFile.ReadForNextJob(RunDirectory.Open(run).Config, _trainingOptions.Read(parse).Time)
            )
        );
        return parse.GetValue(_quick) ? options with { Search = options.Search with { Evaluations = 0 } } : options;
    }

    /// <summary>Trains each network in its folder; one that fails does not stop the others.</summary>
    private static CommandOutcome Train(LimitResults<SearchResult> derived, string data, CommandSession session)
    {
        var trained = new List<DerivedModel>();
        var failures = new List<LimitFailure>(derived.Failures);
        foreach ((int i, SearchResult network) in derived.Networks.Index())
        {
            RunOptions options = RunConfigFile.Read(new RunDirectory(network.Run).Config);
            try
            {
                trained.Add(
                    new DerivedModel(
                        network,
                        ProxylessRun.Train(options, network.Run, session.Observer, session.Cancellation)
                    )
                );
            }
            catch (Exception exception)
                when (exception is RunInterruptedException or RunFailedException && i < derived.Networks.Count - 1)
            {
                IEnumerable<string> others = derived
                    .Networks.Skip(i + 1)
                    .Select(other => $"'proxyless train --arch {Facts.Quoted(other.Run)}'");
                session.Observer.Warning($"not trained yet: {string.Join(", ", others)}");
                throw;
            }
            catch (TrainingDivergedException exception) when (derived.Networks.Count > 1)
            {
                failures.Add(new LimitFailure(options.Target.Name, options.Target.LatencyMs, exception.Message));
            }
        }

        if (trained.Count == 0)
        {
            throw new TrainingDivergedException(string.Join('\n', failures.Select(failure => failure.Message)));
        }

        return LimitSummary.Outcome(
            new LimitResults<DerivedModel>
            {
                Run = derived.Run,
                Networks = trained,
                Failures = failures,
            },
            (console, model) =>
            {
                console.WriteSearch(model.Search);
                console.WriteTraining(model.Training);
            },
            "top-1, validation images",
            model => SearchSummary.LineOf(model.Search) with { Top1 = model.Training.ValidationTop1 },
            model => TrainingSummary.Next(model.Training, data)
        );
    }

    /// <summary>A network that was derived and trained.</summary>
    /// <param name="Search">How it was found.</param>
    /// <param name="Training">How it was trained.</param>
    private sealed record DerivedModel(SearchResult Search, TrainResult Training);
}
