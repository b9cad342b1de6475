using System.CommandLine;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Cli.Options;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>The help of the large commands: every option once, under a heading, those that matter first.</summary>
public sealed class GroupedHelpTests
{
    public static TheoryData<string> Large => ["run", "search", "derive", "train", "evaluate", "compare"];

    [Theory]
    [MemberData(nameof(Large))]
    public void Every_option_stands_once_and_headings_stand_in_order(string name)
    {
        (ReportingCommand command, List<(string Heading, string Option)> rows) = HelpOf(name);
        Assert.Equal(
            command.Options.Where(option => !option.Hidden).Select(option => option.Name).Append("-?").Order(),
            rows.Select(row => row.Option).Order()
        );
        string[] headings = [.. rows.Select(row => row.Heading).Distinct()];
        Assert.Equal(OptionHeading.All.Where(headings.Contains), headings);
        Assert.All(rows, row => Assert.Contains(row.Heading, OptionHeading.All));
        Assert.Equal(rows, rows.OrderBy(row => Array.IndexOf(headings, row.Heading)));
    }

    [Theory]
    [MemberData(nameof(Large))]
    public void At_most_ten_options_stand_first_as_they_were_listed(string name)
    {
        (ReportingCommand command, List<(string Heading, string Option)> rows) = HelpOf(name);
        Assert.InRange(command.MainOptions.Length, 1, 10);
        Assert.Equal(
            command.MainOptions,
            rows.TakeWhile(row => row.Heading == OptionHeading.Main).Select(row => row.Option)
        );
    }

    [Fact]
    public void Only_the_files_of_options_and_the_help_stand_under_no_subject() =>
        Assert.All(
            Large,
            name =>
                Assert.Equal(
                    ["--config", "-?"],
                    HelpOf(name).Rows.Where(row => row.Heading == OptionHeading.Other).Select(row => row.Option)
                )
        );

    [Fact]
    public void A_row_keeps_all_its_lines()
    {
        var command = (ReportingCommand)CommandLine.Root().Subcommands.Single(each => each.Name == "derive");
        const string Help =
            "Usage:\n  derive\n\nOptions:\n  --json            As\n                    JSON\n"
            + "  --run <DIR>       The\n                    folder\n\nRest:\n  what follows\n";
        Assert.Equal(
            "Usage:\n  derive\n\nMain options:\n  --run <DIR>       The\n                    folder\n\n"
                + "Output:\n  --json            As\n                    JSON\n\nRest:\n  what follows\n",
            OptionSections.Arrange(Help, command, []).ReplaceLineEndings("\n")
        );
    }

    [Fact]
    public void A_small_command_has_one_list() =>
        Assert.Contains(
            "\nOptions:\n",
            CommandLineRun.Of("predict", "--help").Output.ReplaceLineEndings("\n"),
            StringComparison.Ordinal
        );

    private static (ReportingCommand Command, List<(string Heading, string Option)> Rows) HelpOf(string name)
    {
        var command = (ReportingCommand)CommandLine.Root().Subcommands.Single(each => each.Name == name);
        CommandLineRun run = CommandLineRun.Of(name, "--help");
        Assert.Equal(0, run.ExitCode);
        var rows = new List<(string, string)>();
        string heading = "";
        foreach (string line in run.Output.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.EndsWith(':') && !line.StartsWith(' '))
            {
                heading = line.TrimEnd(':');
            }
            else if (line.StartsWith("  -", StringComparison.Ordinal))
            {
                rows.Add((heading, line.TrimStart().Split([' ', ','], 2)[0]));
            }
        }

        return (command, rows);
    }
}
