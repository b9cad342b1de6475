using System.Diagnostics;
using Proxyless.Cli.Options;
using Spectre.Console;

namespace Proxyless.Cli.Output;

/// <summary>
/// Shows what a job tells. On a terminal, one line at the bottom follows the progress; elsewhere a line is written every few
/// seconds, so that a log file stays readable.
/// </summary>
internal sealed class ConsoleRunObserver : IRunObserver, IDisposable
{
    private const int BarWidth = 24;
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly TextWriter _writer;
    private readonly IAnsiConsole _console;
    private readonly bool _live;
    private readonly HashSet<string> _warned = [];
    private long _lastShown;
    private string _stage = "";
    private bool _lineOpen;

    /// <summary>Creates the observer.</summary>
    /// <param name="writer">Standard error: standard output belongs to the result.</param>
    public ConsoleRunObserver(TextWriter writer)
    {
        _writer = writer;
        _console = Terminal.For(writer);
        _live = Terminal.IsTerminal(writer) && _console.Profile.Capabilities.Ansi;
    }

    /// <inheritdoc/>
    public void Progress(RunProgress progress)
    {
        lock (_lock)
        {
            bool boundary = progress.Stage != _stage || progress.Done >= progress.Total;
            if (!boundary && Stopwatch.GetElapsedTime(_lastShown) < (_live ? LiveInterval : PlainInterval))
            {
                return;
            }

            _stage = progress.Stage;
            _lastShown = Stopwatch.GetTimestamp();
            Try(() =>
            {
                if (_live)
                {
                    Show(progress);
                }
                else
                {
                    _writer.WriteLine(Text(progress));
                }
            });
        }
    }

    /// <inheritdoc/>
    public void Message(string text) => Line(Markup.Escape(Wording(text)));

    /// <inheritdoc/>
    /// <remarks>Parts of a job that say the same are heard once.</remarks>
    public void Warning(string text)
    {
        lock (_lock)
        {
            if (!_warned.Add(text))
            {
                return;
            }
        }

        Line($"[yellow]warning:[/] {Markup.Escape(Wording(text))}");
    }

    /// <inheritdoc/>
    public string Wording(string text) => LibraryWords.Translate(text);

    /// <summary>Takes the line of progress away, for the result to follow.</summary>
    public void Finish()
    {
        lock (_lock)
        {
            Try(Clear);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Finish();

    private void Line(string markup)
    {
        lock (_lock)
        {
            Try(() =>
            {
                Clear();
                _console.MarkupLine(markup);
            });
        }
    }

    /// <summary>A log that cannot be written, on a disk that is full or a terminal that is gone, does not end a job of hours.</summary>
    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            // The run's own files tell.
        }
    }

    private void Show(RunProgress progress)
    {
        Clear();
        int filled = progress.Total is > 0 and var total ? (int)(BarWidth * Math.Min(progress.Done, total) / total) : 0;
        string line = $"{new string('━', filled)}{new string('─', BarWidth - filled)} {Text(progress)}";

        // A line that wraps could not be taken back.
        int room = Math.Max(_console.Profile.Width - 1, 1);
        _writer.Write(line.Length > room ? line[..room] : line);
        _writer.Flush();
        _lineOpen = true;
    }

    private void Clear()
    {
        if (_lineOpen)
        {
            _writer.Write("\r\u001b[2K");
            _lineOpen = false;
        }
    }

    private static string Text(RunProgress progress)
    {
        string left = progress.Remaining is { } remaining ? $", {Durations.Text(remaining)} left" : "";
        string total = progress.Total is { } all ? $"/{all}" : "";
        return $"{progress.Stage} {progress.Done}{total}{left}  {LibraryWords.Translate(progress.Detail)}";
    }
}
