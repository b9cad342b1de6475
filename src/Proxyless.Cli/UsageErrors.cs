using System.CommandLine;
using System.CommandLine.Parsing;
using Proxyless.Files;

namespace Proxyless.Cli;

/// <summary>Turns the parser's errors into one message.</summary>
internal static class UsageErrors
{
    /// <summary>Throws if there are any errors.</summary>
    /// <exception cref="InvalidInputException">
    /// The message names the word, the nearest allowed one and how to get help.
    /// </exception>
    public static void Throw(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        string help = $"'{Path(parse.CommandResult)} --help' shows what there is";
        if (parse.UnmatchedTokens is [var unknown, ..])
        {
            bool isOption = unknown.StartsWith('-');
            IEnumerable<string> allowed = isOption
                ? command.Options.SelectMany(option => option.Aliases.Prepend(option.Name))
                : command.Subcommands.Select(subcommand => subcommand.Name);
            string kind =
                isOption ? "option"
                : command.Subcommands.Count > 0 ? "command"
                : "argument";
            throw new InvalidInputException(
                $"unknown {kind} '{unknown}'{NearestName.Suggestion(unknown, allowed)}; {help}"
            );
        }

        if (parse.Errors is [var first, ..])
        {
            throw new InvalidInputException($"{first.Message.TrimEnd('.')}; {help}");
        }
    }

    /// <summary>Creates the error for an option that must be given.</summary>
    /// <param name="option">The option.</param>
    /// <param name="example">A complete command line.</param>
    public static InvalidInputException Missing(Option option, string example) =>
        new($"option '{option.Name} {option.HelpName}' is missing; '{example}' is an example");

    /// <summary>Creates the error for two options of which only one can be given.</summary>
    public static InvalidInputException Excluding(Option one, Option other) =>
        new($"options '{one.Name}' and '{other.Name}' exclude each other; leave one of them out");

    /// <summary>Creates the error for an option that does something only beside another one.</summary>
    public static InvalidInputException Idle(Option option, Option needed) =>
        new($"{option.Name} has nothing to do without {needed.Name}; leave it out, or add that");

    private static string Path(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : "proxyless";
}
