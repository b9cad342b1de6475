using System.Diagnostics;
using Proxyless.Cli.Options;
using Proxyless.Files;
using Spectre.Console;

namespace Proxyless.Cli.Output;

/// <summary>
/// Shows the reports of a job. Each epoch is a row of a table. On a terminal, one line at the bottom follows the
/// progress; elsewhere a line is written every few seconds, so that a log file stays readable.
/// </summary>
internal sealed class ConsoleRunObserver : IRunObserver, IDisposable
{
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly TextWriter _writer;
    private readonly IAnsiConsole _console;
    private readonly ProgressLine? _line;
    private readonly EpochTable _epochs = new();
    private readonly bool _isQuiet;
    private readonly HashSet<string> _warned = [];
    private long _lastShown;
    private string _stage = "";

    /// <summary>Creates the observer.</summary>
    /// <param name="writer">Standard error: standard output belongs to the result.</param>
    /// <param name="isQuiet">Whether only warnings are shown.</param>
    public ConsoleRunObserver(TextWriter writer, bool isQuiet = false)
        : this(writer, Terminal.For(writer), Terminal.IsTerminal(writer), isQuiet) { }

    /// <summary>Creates the observer for an existing console.</summary>
    /// <param name="writer">The writer of the console.</param>
    /// <param name="console">The console.</param>
    /// <param name="isTerminal">Whether the writer is a terminal.</param>
    /// <param name="isQuiet">Whether only warnings are shown.</param>
    internal ConsoleRunObserver(TextWriter writer, IAnsiConsole console, bool isTerminal, bool isQuiet = false)
    {
        _writer = writer;
        _console = console;
        _isQuiet = isQuiet;
        _line = isTerminal && console.Profile.Capabilities.Ansi ? new ProgressLine(console) : null;
    }

    /// <inheritdoc/>
    public void Progress(RunProgress progress)
    {
        if (_isQuiet)
        {
            return;
        }

        lock (_lock)
        {
            bool boundary = progress.Stage != _stage || progress.Done >= progress.Total;
            if (!boundary && Stopwatch.GetElapsedTime(_lastShown) < (_line is not null ? LiveInterval : PlainInterval))
            {
                return;
            }

            _stage = progress.Stage;
            _lastShown = Stopwatch.GetTimestamp();
            Try(() =>
            {
                if (_line is not null)
                {
                    _line.Show(progress, Text(progress));
                }
                else
                {
                    _writer.WriteLine(Text(progress));
                }
            });
        }
    }

    /// <inheritdoc/>
    public void EpochEnded(RunEpoch epoch)
    {
        if (_isQuiet)
        {
            return;
        }

        lock (_lock)
        {
            foreach (EpochLine line in _epochs.Add(epoch, _console.Profile.Width))
            {
                string text = Markup.Escape(ControlCharacters.VisibleLines(line.Text));
                Line(
                    line.Kind switch
                    {
                        EpochLineKind.Header => $"[bold]{text}[/]",
                        EpochLineKind.Network => $"[dim]{text}[/]",
                        _ => text,
                    }
                );
            }
        }
    }

    /// <inheritdoc/>
    public void Message(string text)
    {
        if (!_isQuiet)
        {
            Line(Shown(text));
        }
    }

    /// <inheritdoc/>
    /// <remarks>Equal messages from parts of a job are shown once.</remarks>
    public void Warning(string text)
    {
        lock (_lock)
        {
            if (!_warned.Add(text))
            {
                return;
            }
        }

        Line($"[yellow]warning:[/] {Shown(text)}");
    }

    /// <inheritdoc/>
    public string Wording(string text) => LibraryWords.Translate(text);

    /// <summary>Removes the progress line, before the result.</summary>
    public void Finish()
    {
        lock (_lock)
        {
            Try(() => _line?.Clear());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Finish();

    /// <summary>A text as markup; what a terminal would obey, as in a file's name, is visible.</summary>
    private string Shown(string text) => Markup.Escape(ControlCharacters.VisibleLines(Wording(text)));

    private void Line(string markup)
    {
        lock (_lock)
        {
            Try(() =>
            {
                // Spectre would overwrite the line and leave what the text does not cover.
                _line?.Clear();
                _console.MarkupLine(markup);
            });
        }
    }

    /// <summary>
    /// A log that cannot be written, because a disk is full or a terminal is gone, does not end a job of hours.
    /// </summary>
    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            // The run's own files have the messages.
        }
    }

    private static string Text(RunProgress progress)
    {
        string left = progress.Remaining is { } remaining ? $", {Durations.Text(remaining)} left" : "";
        string total = progress.Total is { } all ? $"/{all}" : "";
        return $"{progress.Stage} {progress.Done}{total}{left}  "
            + ControlCharacters.Visible(LibraryWords.Translate(progress.Detail));
    }
}
