using Proxyless.Cli.Output;
using Spectre.Console;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>The live line of a terminal, by the characters that it is sent.</summary>
public sealed class ProgressLineTests
{
    private readonly StringWriter _written = new();
    private readonly IAnsiConsole _console;
    private readonly ProgressLine _line;

    public ProgressLineTests()
    {
        _console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.Yes,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.Yes,
                Out = new AnsiConsoleOutput(_written),
            }
        );
        _console.Profile.Width = 80;
        _console.Profile.Capabilities.Unicode = true;
        _line = new ProgressLine(_console);
    }

    [Fact]
    public void The_bar_and_the_text_stand_on_one_line_that_is_taken_away()
    {
        _line.Show(new RunProgress("search", 1, 2, null, ""), "search 1/2, 3 min left  loss [1.5]");
        string shown = _written.ToString();
        Assert.Contains(" search 1/2, 3 min left  loss [1.5]", shown, StringComparison.Ordinal);
        Assert.Contains(new string('━', 12), shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', shown);
        _line.Clear();
        Assert.EndsWith("\u001b[2K", _written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_cursor_is_never_hidden()
    {
        _line.Show(new RunProgress("search", 1, 2, null, ""), "search");
        _line.Clear();
        Assert.DoesNotContain("?25", _written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_takes_the_line_away_and_the_next_progress_draws_it_anew()
    {
        using var observer = new ConsoleRunObserver(_written, _console, isTerminal: true);
        observer.Progress(new RunProgress("search", 1, 2, null, "a long detail"));
        _written.GetStringBuilder().Clear();
        observer.Message("message");
        string[] parts = _written.ToString().Split("\u001b[2K");
        Assert.Equal(2, parts.Length);
        Assert.DoesNotContain('\n', parts[0]);
        Assert.Equal("message", parts[1].TrimEnd());
        _written.GetStringBuilder().Clear();
        observer.Progress(new RunProgress("search", 2, 2, null, ""));
        Assert.Contains("search 2/2", _written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_shorter_text_covers_the_longer_one_before_it()
    {
        _line.Show(new RunProgress("search", 1, 2, null, ""), "a text that is long");
        _written.GetStringBuilder().Clear();
        _line.Show(new RunProgress("search", 1, 2, null, ""), "short");
        string[] drawn = _written.ToString().Split('\r');
        string spaces = new(' ', "a text that is long".Length - "short".Length);
        Assert.EndsWith("short" + spaces, drawn[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_text_is_cut_and_does_not_wrap()
    {
        _console.Profile.Width = 40;
        _line.Show(new RunProgress("train", 1, 2, null, ""), new string('x', 100));
        Assert.DoesNotContain('\n', _written.ToString());
        Assert.DoesNotContain(new string('x', 40), _written.ToString(), StringComparison.Ordinal);
        _line.Show(new RunProgress("train", 1, 2, null, ""), string.Join(' ', Enumerable.Repeat("word", 25)));
        Assert.DoesNotContain('\n', _written.ToString());
    }

    [Fact]
    public void What_has_no_total_and_what_comes_after_it_is_shown()
    {
        _line.Show(new RunProgress("download", 65536, null, null, ""), "download 65536");
        _line.Show(new RunProgress("download", 131072, null, null, ""), "download 131072");
        _line.Show(new RunProgress("train", 2, 2, null, ""), "train 2/2");
        _written.GetStringBuilder().Clear();
        _line.Show(new RunProgress("train", 2, 2, null, ""), "train again");
        string last = _written.ToString();
        Assert.Contains("train again", last, StringComparison.Ordinal);
        Assert.Contains(new string('━', 24), last, StringComparison.Ordinal);
        Assert.DoesNotContain("download", last, StringComparison.Ordinal);
    }

    [Fact]
    public void After_it_was_taken_away_it_can_be_drawn_again()
    {
        _line.Show(new RunProgress("search", 1, 2, null, ""), "first");
        _line.Clear();
        _line.Clear();
        _line.Show(new RunProgress("search", 2, 2, null, ""), "second");
        Assert.Contains("second", _written.ToString(), StringComparison.Ordinal);
    }
}
