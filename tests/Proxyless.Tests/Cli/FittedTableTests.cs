using Proxyless.Cli.Output;
using Spectre.Console;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>Results on terminals of all widths.</summary>
public sealed class FittedTableTests
{
    private static string[] Written(int width, Action<IAnsiConsole> write)
    {
        using var writer = new StringWriter();
        IAnsiConsole console = Terminal.For(writer);
        console.Profile.Width = width;
        write(console);
        return [.. writer.ToString().ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())];
    }

    private static Table Table()
    {
        Table table = FittedTable.Of(["[name]"], ["parameters", "top-1", "latency"]);
        table.AddRow("a network of ten", "1,234,567", "71.50 %", "0.072 ms");
        return table;
    }

    [Fact]
    public void A_terminal_that_is_wide_enough_gets_every_column()
    {
        string text = string.Join('\n', Written(80, console => console.WriteFitted(Table(), "parameters")));

        Assert.Contains("[name]", text, StringComparison.Ordinal);
        Assert.Contains("1,234,567", text, StringComparison.Ordinal);
        Assert.Contains("0.072 ms", text, StringComparison.Ordinal);
        Assert.DoesNotContain("wider", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_narrow_one_gets_whole_cells_of_the_important_columns_and_is_told_of_the_others()
    {
        string[] lines = Written(44, console => console.WriteFitted(Table(), "parameters"));
        string text = string.Join('\n', lines);

        Assert.All(lines, line => Assert.True(line.Length <= 44, line));
        Assert.Contains("a network of ten", text, StringComparison.Ordinal);
        Assert.Contains("71.50 %", text, StringComparison.Ordinal);
        Assert.DoesNotContain("1,234,567", text, StringComparison.Ordinal);
        Assert.Contains("also shows: parameters", text.Replace('\n', ' '), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_hint_the_last_columns_are_left_out_and_the_first_one_never()
    {
        string text = string.Join(' ', Written(20, console => console.WriteFitted(Table())));

        Assert.Contains("a network of ten", text, StringComparison.Ordinal);
        Assert.Contains(
            "latency, top-1, parameters",
            text.Replace("  ", " ", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(120)]
    [InlineData(40)]
    [InlineData(20)]
    public void Facts_are_complete_on_every_terminal(int width)
    {
        string[] lines = Written(
            width,
            console =>
                console.WriteFacts(
                    ("latency, quiet machine, untrained", "0.072 ms, within the limit of 0.075 ms (96 %)"),
                    ("nothing", null),
                    ("[report]", "a [file].html")
                )
        );
        string text = string.Join(' ', lines.Select(line => line.Trim()));

        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.Contains("latency, quiet machine", text, StringComparison.Ordinal);
        Assert.Contains("(96 %)", text, StringComparison.Ordinal);
        Assert.Contains("a [file].html", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing", text, StringComparison.Ordinal);
    }
}
