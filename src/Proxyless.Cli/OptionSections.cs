using System.CommandLine;
using Proxyless.Cli.Commands;
using Proxyless.Cli.Options;

namespace Proxyless.Cli;

/// <summary>The parser's own help text, with the rows of its one list of options moved under headings.</summary>
internal static class OptionSections
{
    private const string Title = "Options:";

    /// <summary>Moves the rows; each keeps its text, its columns and its line breaks.</summary>
    /// <param name="help">The parser's help of the command.</param>
    /// <param name="command">Returns the heading of an option.</param>
    /// <param name="common">Options that every command has.</param>
    public static string Arrange(string help, ReportingCommand command, IEnumerable<Option> common)
    {
        string[] lines = help.ReplaceLineEndings("\n").Split('\n');
        int start = Array.IndexOf(lines, Title);
        int end = Array.IndexOf(lines, "", start + 1);
        Dictionary<string, Option> options = command
            .Options.Concat(common)
            .SelectMany(option => option.Aliases.Append(option.Name).Select(name => (name, option)))
            .ToDictionary(named => named.name, named => named.option);
        var rows = new Dictionary<Option, List<string>>();
        Option? current = null;
        foreach (string line in lines[(start + 1)..end])
        {
            // A row continues over lines that do not begin with an option.
            string word = line.TrimStart().Split([' ', ','], 2)[0];
            current = options.GetValueOrDefault(word, current!);
            if (!rows.TryGetValue(current, out List<string>? row))
            {
                rows[current] = row = [];
            }

            row.Add(line);
        }

        IEnumerable<string> sections = OptionHeading.All.SelectMany(heading => Section(heading, rows, command));
        return string.Join('\n', [.. lines[..start], .. sections, .. lines[(end + 1)..]]).ReplaceLineEndings();
    }

    private static IEnumerable<string> Section(
        string heading,
        Dictionary<Option, List<string>> rows,
        ReportingCommand command
    )
    {
        IEnumerable<Option> options = rows.Keys.Where(option => command.HeadingOf(option) == heading);
        if (heading == OptionHeading.Main)
        {
            options = options.OrderBy(option => command.MainOptions.IndexOf(option.Name));
        }

        string[] lines = [.. options.SelectMany(option => rows[option])];
        return lines.Length == 0 ? [] : [$"{heading}:", .. lines, ""];
    }
}
