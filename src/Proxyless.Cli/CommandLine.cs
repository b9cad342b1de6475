using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Proxyless.Cli.Commands;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Distributed;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Runtime;

namespace Proxyless.Cli;

/// <summary>Turns the words on the command line into an exit code.</summary>
internal static class CommandLine
{
    /// <summary>If it is 1, the message of an unexpected error includes the stack trace.</summary>
    private const string TraceVariable = "PROXYLESS_TRACE";

    // Files of options are given with '--config'. A folder called '@photos' is a folder.
    private static readonly ParserConfiguration Parser = new() { ResponseFileTokenReplacer = null };

    /// <summary>The command with all its subcommands.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand(
            "Searches an image classifier on your images and for your hardware, trains it and writes it as ONNX."
        )
        {
            new RunCommand(),
            new SearchCommand(),
            new DeriveCommand(),
            new TrainCommand(),
            new EvaluateCommand(),
            new PredictCommand(),
            new ProfileCommand(),
            new DescribeCommand(),
            new ExportCommand(),
            new QuantizeCommand(),
            new CompareCommand(),
            new WatchCommand(),
            new Command(
                "data",
                "Images: the contents of a folder, public datasets to download, built-in samples to try things out."
            )
            {
                new DataListCommand(),
                new DataGetCommand(),
                new DataSampleCommand(),
            },
            new Command(
                "target",
                "Where models run: this processor, a device with an agent, a latency table, any program that times a "
                    + "model."
            )
            {
                new TargetListCommand(),
                new TargetAddCommand(),
                new TargetCheckCommand(),
            },
            new Command("weights", "Weights of others: which networks are known, and a file of theirs as a model.")
            {
                new WeightsListCommand(),
                new WeightsGetCommand(),
                new WeightsImportCommand(),
            },
            new BenchCommand(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExampleHelp((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Runs one command.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    /// <param name="output">Receives the result: a summary to read, or one JSON object.</param>
    /// <param name="error">Receives progress, warnings and errors.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        using var cancellationToken = new CancellationTokenSource();
        using var interruption = new Interruption(cancellationToken);
        ParseResult? parse = null;
        ProcessGroup? group = null;
        try
        {
            group = ProcessGroup.Join();
            if (!group.IsLeader)
            {
                Follow(group, arguments);
                return ExitCode.Done;
            }

            parse = Parse(Root(), arguments);
            if (parse.CommandResult.Command is not ReportingCommand command || AsksForHelp(parse))
            {
                // Help, the version, or a group of commands without one of them.
                return parse.Invoke(
                    new InvocationConfiguration
                    {
                        Output = output,
                        Error = error,
                        EnableDefaultExceptionHandler = false,
                    }
                );
            }

            ProxylessRuntime.Configure(command.RuntimeFor(parse));
            bool json = parse.GetValue(command.Json);
            using var observer = new ConsoleRunObserver(error, parse.GetValue(command.Quiet));
            if (group.Size > 1)
            {
                observer.Message(SharedSteps.Describe(group));
            }

            if (command.PassedOver.Count > 0)
            {
                observer.Warning(
                    $"'{command.Name}' has no use for these options of {parse.GetValue(command.Config)}: "
                        + string.Join(", ", command.PassedOver)
                );
            }

            CommandOutcome outcome = command.Execute(parse, new CommandSession(observer, cancellationToken.Token));
            observer.Finish();
            outcome.WriteTo(output, json);
            foreach (string complaint in outcome.Errors)
            {
                error.WriteLine(ControlCharacters.VisibleLines($"error: {complaint}"));
            }

            return outcome.ExitCode;
        }
        // The last line of defense: for any error, the user gets a sentence and the shell a code.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            bool isOther =
                exception is OperationCanceledException and not RunInterruptedException
                && !cancellationToken.IsCancellationRequested;
            foreach (string line in isOther ? Unexpected(exception) : Explain(exception, parse))
            {
                Say(error, SharedSteps.Of(group) + ControlCharacters.VisibleLines(LibraryWords.Translate(line)));
            }

            return isOther ? ExitCode.Failed : ExitCode.Of(exception, cancellationToken.IsCancellationRequested);
        }
        finally
        {
            // After the words: it may end the process.
            group?.Dispose();
        }
    }

    /// <summary>
    /// Does the work of a process that does not lead; what is wrong with the words, the one that leads says.
    /// </summary>
    private static void Follow(ProcessGroup group, IReadOnlyList<string> arguments)
    {
        ProxylessRuntime.Configure();
        try
        {
            if (IsRunByAll(arguments, out ParseResult parse))
            {
                ((ReportingCommand)parse.CommandResult.Command).Execute(
                    parse,
                    new CommandSession(NullRunObserver.Instance, CancellationToken.None)
                );
            }
        }
        catch (InvalidInputException) when (!group.IsBroken)
        {
            // Before any step: the one that leads says it.
        }

        ProxylessRun.Follow(group);
    }

    private static bool IsRunByAll(IReadOnlyList<string> arguments, out ParseResult parse)
    {
        parse = Root().Parse(arguments, Parser);
        if (parse.CommandResult.Command is not ReportingCommand { RunsInEveryProcess: true } || AsksForHelp(parse))
        {
            return false;
        }

        parse = Parse(Root(), arguments);
        return true;
    }

    private static string[] Explain(Exception exception, ParseResult? parse) =>
        exception switch
        {
            RunInterruptedException interrupted =>
            [
                $"interrupted; '{ResumeCommand(parse!, interrupted.Run)}' goes on from the checkpoint",
            ],
            OperationCanceledException => ["interrupted"],
            RunFailedException failed =>
            [
                $"error: {exception.Message}",
                $"{WhatFirst(failed)} '{ResumeCommand(parse!, failed.Run)}' goes on from the last checkpoint",
            ],
            ProxylessException or InvalidDataException or PathTooLongException => [$"error: {exception.Message}"],
            IOException or UnauthorizedAccessException =>
            [
                $"error: {exception.Message}"
                    + (
                        IsDiskFull(exception)
                            ? "; free some space and try again, with --resume where the command has it"
                            : ""
                    ),
            ],
            _ when IsOutOfMemory(exception) =>
            [
                $"error: this needs more memory than there is; make --batch-size or --resolution smaller, or choose "
                    + $"a smaller space ({FirstLine(exception.Message)})",
            ],
            _ => Unexpected(exception),
        };

    private static string[] Unexpected(Exception exception) =>
        [
            $"error: {exception.Message}",
            Environment.GetEnvironmentVariable(TraceVariable) == "1"
                ? exception.ToString()
                : $"this is a bug; {TraceVariable}=1 shows where it happened",
        ];

    /// <summary>
    /// A failure of standard error, such as a log on a full disk, does not change how the command ends.
    /// </summary>
    private static void Say(TextWriter error, string text)
    {
        try
        {
            error.WriteLine(text);
        }
        catch (IOException)
        {
            // The exit code still tells.
        }
    }

    internal static string ResumeCommand(ParseResult parse, string run)
    {
        if (parse.CommandResult.Command is DeriveCommand)
        {
            // The derived networks exist; their training can be continued.
            return $"proxyless train --arch {Facts.Quoted(run)} --resume";
        }

        (string? network, string precision) = parse.CommandResult.Command switch
        {
            TrainCommand train => (train.Architecture(parse), train.PrecisionOf(parse)),
            RunCommand whole => (whole.Architecture(parse), ""),
            _ => (null, ""),
        };
        if (parse.CommandResult.Command is CompareCommand compare && compare.IsJoining(parse))
        {
            return $"proxyless compare --out {Facts.Quoted(run)} --join";
        }

        string architecture = network is null ? "" : $" --arch {Facts.Quoted(network)}";
        string command = parse.CommandResult.Command.Name;
        return $"proxyless {command}{architecture} --out {Facts.Quoted(run)} --resume{precision}";
    }

    /// <summary>Whether an option acts by itself: help, or the version.</summary>
    private static bool AsksForHelp(ParseResult parse) =>
        parse.Action is not null && parse.Action != parse.CommandResult.Command.Action;

    /// <summary>What comes before the command that continues a run.</summary>
    private static string WhatFirst(RunFailedException failed) =>
        failed.InnerException is DirectoryNotFoundException && !RunFolder.Is(failed.Run) ? "once it is there again,"
        : IsDiskFull(failed) ? "nothing that was written is lost; free some space, then"
        : "nothing that was written is lost; then";

    /// <summary>ENOSPC on Unix, ERROR_DISK_FULL on Windows.</summary>
    private static bool IsDiskFull(Exception exception) => exception.HResult is 28 or unchecked((int)0x80070070);

    /// <summary>libtorch reports it in words.</summary>
    private static bool IsOutOfMemory(Exception exception) =>
        exception is OutOfMemoryException
        || (
            exception is ExternalException
            && (
                exception.Message.Contains("allocate memory", StringComparison.Ordinal)
                || exception.Message.Contains("out of memory", StringComparison.Ordinal)
            )
        );

    private static string FirstLine(string text) => text.Split('\n')[0];

    /// <summary>Parses the words, and with them the file that <c>--config</c> names.</summary>
    /// <exception cref="InvalidInputException">An option is unknown or its value is not allowed.</exception>
    public static ParseResult Parse(RootCommand root, IReadOnlyList<string> arguments)
    {
        ParseResult parse = root.Parse(arguments, Parser);
        if (AsksForHelp(parse) && parse.Errors.Count == 0)
        {
            return parse;
        }

        UsageErrors.Throw(parse);
        if (parse.CommandResult.Command is ReportingCommand command && parse.GetValue(command.Config) is { } path)
        {
            ConfigArguments configured = ConfigFile.Arguments(path, command, parse);
            command.PassedOver = configured.PassedOver;
            parse = root.Parse([.. arguments, .. configured.Words], Parser);
            UsageErrors.Throw(parse);
        }

        if (parse.CommandResult.Command is ReportingCommand complete)
        {
            complete.RequireOptions(parse);
            complete.CheckRanges(parse);
        }

        return parse;
    }
}
