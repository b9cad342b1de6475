using System.Collections.Immutable;
using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Runs;
using Proxyless.Runtime;

namespace Proxyless.Cli.Commands;

/// <summary>What a command needs besides its options.</summary>
/// <param name="Observer">Receives progress reports and warnings.</param>
/// <param name="Cancellation">Canceled by Ctrl-C.</param>
internal sealed record CommandSession(IRunObserver Observer, CancellationToken Cancellation);

/// <summary>
/// A command that does something and reports one result. It never writes to the output itself: it returns the result,
/// which is printed as a summary or, with <c>--json</c>, as one object and nothing else.
/// </summary>
internal abstract class ReportingCommand : Command
{
    private readonly List<Option> _required = [];
    private readonly Dictionary<Option, string> _headings = [];

    /// <summary>Creates the command with the options that every command has.</summary>
    /// <param name="name">The word.</param>
    /// <param name="description">What it does, in a sentence.</param>
    /// <param name="examples">Complete command lines for its help.</param>
    protected ReportingCommand(string name, string description, params IReadOnlyList<string> examples)
        : base(name, description)
    {
        Examples = examples;
        Options.Add(Config);
        Options.Add(Json);
        Options.Add(Quiet);
        _headings[Json] = OptionHeading.Output;
        _headings[Quiet] = OptionHeading.Output;
    }

    /// <summary>Complete command lines for the help.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>
    /// Names of the options, ten at most, that its help shows first, before the others under their headings. None: the
    /// help is one list.
    /// </summary>
    public ImmutableArray<string> MainOptions { get; protected init; } = [];

    /// <summary>Whether the result is printed as JSON.</summary>
    public Option<bool> Json { get; } =
        Values.Flag("--json", "Print only the result, as one JSON object, on standard output");

    /// <summary>Whether nothing but the result, warnings and errors is shown.</summary>
    public Option<bool> Quiet { get; } = Values.Flag("--quiet", "Show only the result, warnings and errors");

    /// <summary>A YAML file of options.</summary>
    public Option<string?> Config { get; } =
        Values.Text(
            "--config",
            "FILE",
            "A YAML file that can contain every option of this command, such as the config.yaml of a run"
        );

    /// <summary>
    /// Options that the file of <see cref="Config"/> has and that are not used: those of other commands, and those for
    /// which <see cref="HasUseFor"/> is false.
    /// </summary>
    public IReadOnlyList<string> PassedOver { get; set; } = [];

    /// <summary>
    /// The options that are the library's <see cref="RunOptions"/>; a command adds the groups that it takes.
    /// </summary>
    public RunOptionSet LibraryOptions { get; } = new();

    /// <summary>The heading of an option in the help.</summary>
    public string HeadingOf(Option option)
    {
        ArgumentNullException.ThrowIfNull(option);
        return MainOptions.Contains(option.Name)
            ? OptionHeading.Main
            : _headings.GetValueOrDefault(option) ?? LibraryOptions.HeadingOf(option) ?? OptionHeading.Other;
    }

    /// <summary>
    /// Whether every process of an MPI job runs the command; otherwise the first one does, and the others share its
    /// steps.
    /// </summary>
    public virtual bool RunsInEveryProcess => false;

    /// <summary>
    /// Whether an option of the file of <see cref="Config"/> is used beside the others: the file of a run has all.
    /// </summary>
    /// <param name="option">An option of the command.</param>
    /// <param name="given">The command line.</param>
    /// <param name="names">The names in the file, without dashes before them.</param>
    public virtual bool HasUseFor(Option option, ParseResult given, IReadOnlyList<string> names) => true;

    /// <summary>Does the work.</summary>
    /// <exception cref="InvalidInputException">The input cannot be used.</exception>
    public abstract CommandOutcome Execute(ParseResult parse, CommandSession session);

    /// <summary>The settings of the process that the command changes before it begins.</summary>
    public virtual RuntimeOptions RuntimeFor(ParseResult parse) => new();

    /// <summary>Throws the error for a value that is out of its range.</summary>
    /// <exception cref="InvalidInputException">The message names option, value and range.</exception>
    public virtual void CheckRanges(ParseResult parse) => LibraryOptions.Read(parse).Validate();

    /// <summary>Checks the value of each given option by itself.</summary>
    /// <exception cref="InvalidInputException">One is out of its range.</exception>
    public void CheckValues(ParseResult parse) => LibraryOptions.Read(parse).ValidateValues();

    /// <summary>Throws the error for a required option that is neither on the command line nor in the file.</summary>
    /// <remarks>The parser's own check would come before the file is read.</remarks>
    public void RequireOptions(ParseResult parse)
    {
        foreach (Option option in _required)
        {
            if (!parse.IsGiven(option))
            {
                throw UsageErrors.Missing(option, Examples[0]);
            }
        }
    }

    /// <summary>
    /// Returns the options of a run that is begun or resumed. A resumed run keeps the options that it began with, and
    /// others are rejected instead of being ignored.
    /// </summary>
    /// <param name="parse">The given options.</param>
    /// <param name="otherwise">The values of missing options when a run is begun.</param>
    /// <param name="run">The run that is resumed if no <c>--out</c> is given.</param>
    /// <param name="given">The options that a run was begun with, as they were given.</param>
    /// <exception cref="InvalidInputException">There is no run to resume, or an option would change it.</exception>
    protected RunOptions ReadResumable(
        ParseResult parse,
        RunOptions? otherwise = null,
        string? run = null,
        Func<RunOptions, RunOptions>? given = null
    )
    {
        RunOptions options = LibraryOptions.Read(parse, otherwise ?? new RunOptions());
        if (!options.Resume || (options.Out ?? run) is not { } begunRun)
        {
            return options;
        }

        RunOptions begun = RunDirectory.Open(begunRun).ReadConfig();
        begun = given?.Invoke(begun) ?? begun;
        IReadOnlyList<string> changes = LibraryOptions.Changes(parse, begun);
        return changes.Count == 0
            ? LibraryOptions.Read(parse, begun with { Out = begunRun })
            : throw new InvalidInputException(
                $"--resume goes on with '{begunRun}' as it was begun, and cannot change "
                    + $"{string.Join(", ", changes)}; leave that out, or begin another run"
            );
    }

    /// <summary>Adds options.</summary>
    protected void Add(IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            Options.Add(option);
        }
    }

    /// <summary>Adds options under a heading of the help.</summary>
    protected void Add(string heading, params IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            Options.Add(option);
            _headings[option] = heading;
        }
    }

    /// <summary>Adds a required option.</summary>
    protected void Require(Option option)
    {
        Options.Add(option);
        _required.Add(option);
    }
}
