using System.CommandLine;
using System.CommandLine.Parsing;
using Proxyless.Cli.Commands;
using Proxyless.Files;

namespace Proxyless.Cli.Options;

/// <summary>
/// The file of <c>--config</c>: it can hold every option of the command, as <c>max-parameters: 500000</c> or
/// <c>max_parameters: 500000</c>. Options on the command line take precedence. One file serves several commands: a
/// command that takes some of a run's options passes over the others, as the file that a run writes holds all of them.
/// </summary>
internal static class ConfigFile
{
    // The limits of a run beside its first one: another limit or target takes the place of all of them.
    private const string FurtherLimits = "also-for";
    private static readonly string[] FirstLimit = ["latency", "target"];

    // A training alone takes one of them, but the file of a run with a search may have both.
    private const string Epochs = "train-epochs";
    private const string Time = "time";

    private static readonly Lazy<HashSet<string>> OfRuns = new(() =>
        [.. RunOptionSet.All().Options.Select(option => option.Name.TrimStart('-'))]
    );

    /// <summary>Returns the words that the file stands for.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="command">The command whose options are allowed; it may pass over some.</param>
    /// <param name="given">The command line, whose options are left out.</param>
    /// <exception cref="InvalidInputException">
    /// A key or a value is not allowed; the message says file and line.
    /// </exception>
    public static ConfigArguments Arguments(string path, ReportingCommand command, ParseResult given)
    {
        YamlMapping file = YamlMapping.Read(path);
        Dictionary<string, Option> options = command
            .Options.Where(option => option != command.Config)
            .ToDictionary(option => option.Name.TrimStart('-'));
        bool IsNameGiven(string name) => options.TryGetValue(name, out Option? option) && given.IsGiven(option);
        bool isLimitGiven = Array.Exists(FirstLimit, IsNameGiven);
        var arguments = new List<string>();
        var passedOver = new List<string>();
        var read = new HashSet<string>();
        string[] names = [.. file.Keys.Select(NameOf)];
        bool IsReplaced(string name) =>
            name switch
            {
                FurtherLimits => isLimitGiven,
                Epochs => command is TrainCommand or DeriveCommand && IsNameGiven(Time),
                Time => command is TrainCommand or DeriveCommand && (IsNameGiven(Epochs) || names.Contains(Epochs)),
                _ => false,
            };
        foreach (string key in file.Keys)
        {
            string name = NameOf(key);
            if (!read.Add(name))
            {
                string other = file.Keys.First(one => NameOf(one) == name);
                throw new InvalidInputException(
                    $"{path}, line {file.Line(key)}: '{key}' is the same as '{other}' in line {file.Line(other)}; "
                        + "remove one of them"
                );
            }

            if (!options.TryGetValue(name, out Option? option))
            {
                if (command.LibraryOptions.Options.Any() && OfRuns.Value.Contains(name))
                {
                    passedOver.Add(name);
                    continue;
                }

                throw new InvalidInputException(
                    $"{path}, line {file.Line(key)}: unknown key '{key}'{NearestName.Suggestion(name, options.Keys)}; "
                        + $"allowed are {string.Join(", ", options.Keys.Order())}"
                );
            }

            if (!command.HasUseFor(option, given, names))
            {
                passedOver.Add(name);
                continue;
            }

            // Within one word a value that looks like an option is not one. A flag's value is a separate word, for the
            // error below.
            string[] words =
            [
                .. file.Texts(key)
                    .SelectMany(value =>
                        option.ValueType == typeof(bool) ? new[] { option.Name, value } : [$"{option.Name}={value}"]
                    ),
            ];
            Check(words, file, key, option, command);
            if (!given.IsGiven(option) && !IsReplaced(name))
            {
                arguments.AddRange(words);
            }
        }

        return new ConfigArguments(arguments, passedOver);
    }

    private static string NameOf(string key) => key.Replace('_', '-');

    /// <summary>Parses one entry alone, so that an error can name its line.</summary>
    private static void Check(string[] words, YamlMapping file, string key, Option option, ReportingCommand command)
    {
        ParseResult parse = new Command("config") { option }.Parse(words);
        if (parse.UnmatchedTokens.Count > 0)
        {
            throw file.Error(key, $"is '{parse.UnmatchedTokens[0]}'; allowed are true and false");
        }

        if (parse.Errors is [ParseError error, ..])
        {
            throw file.Error(key, $"cannot be used: {error.Message}");
        }

        // Options that may be repeated, and those that only a run's own file has, are checked together with the others.
        if (option.ValueType == typeof(string[]) || option.Hidden)
        {
            return;
        }

        try
        {
            command.CheckValues(parse);
        }
        catch (InvalidInputException exception)
        {
            throw file.Error(key, $"cannot be used: {exception.Message}");
        }
    }
}

/// <summary>What a file of <c>--config</c> stands for.</summary>
/// <param name="Words">The words of a command line.</param>
/// <param name="PassedOver">Names of options that the command has no use for, which were not used.</param>
internal sealed record ConfigArguments(IReadOnlyList<string> Words, IReadOnlyList<string> PassedOver);
