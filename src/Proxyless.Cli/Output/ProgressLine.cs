using Spectre.Console;
using Spectre.Console.Rendering;

namespace Proxyless.Cli.Output;

/// <summary>
/// The line at the bottom of a terminal that follows the progress. Spectre draws it as long as a task runs, which ends
/// here when the line is removed. It is drawn when there is something new, on the caller's thread: on a separate thread
/// a terminal that is gone would end the process.
/// </summary>
/// <param name="console">
/// A terminal that supports control characters. Remove the line before anything else is written to it.
/// </param>
internal sealed class ProgressLine(IAnsiConsole console)
{
    private const int BarWidth = 24;
    private const int NarrowBarWidth = 8;

    // Narrower terminals need the room for the text.
    private const int WideTerminal = 80;

    // Between bar and text, and at the edge: a text that reaches it goes on in a second line.
    private const int Gap = 2;

    private readonly VisibleCursorConsole _console = new(console);
    private TaskCompletionSource? _end;
    private Task _drawing = Task.CompletedTask;
    private ProgressContext? _context;
    private ProgressTask? _task;
    private string? _stage;
    private int _barWidth = BarWidth;

    /// <summary>Draws or redraws the line.</summary>
    /// <param name="progress">Sets the bar; without a total it moves back and forth.</param>
    /// <param name="text">The text beside the bar, cut at the edge of the terminal.</param>
    /// <exception cref="IOException">The terminal is gone.</exception>
    public void Show(RunProgress progress, string text)
    {
        ArgumentNullException.ThrowIfNull(progress);
        if (_end is null)
        {
            Begin();
        }

        if (_task is null || _stage != progress.Stage)
        {
            if (_task is not null)
            {
                _context!.RemoveTask(_task);
            }

            (_stage, _task) = (progress.Stage, _context!.AddTask(progress.Stage));
        }

        _task.IsIndeterminate = progress.Total is null;
        _task.MaxValue = Math.Max(progress.Total ?? 1, 1);
        _task.Value = progress.Total is null ? 0 : progress.Done;
        int room = Math.Max(1, _console.Profile.Width - _barWidth - Gap);
        _task.Description = Markup.Escape(Terminal.Cut(text, room));
        _context!.Refresh();
    }

    /// <summary>Removes the line.</summary>
    /// <exception cref="IOException">The terminal is gone.</exception>
    public void Clear()
    {
        TaskCompletionSource? end = _end;
        (_end, _context, _task) = (null, null, null);
        end?.SetResult();
        Task drawing = _drawing;
        _drawing = Task.CompletedTask;
        drawing.GetAwaiter().GetResult();
    }

    private void Begin()
    {
        _barWidth = _console.Profile.Width < WideTerminal ? NarrowBarWidth : BarWidth;
        var end = new TaskCompletionSource();
        Task Draw(ProgressContext context)
        {
            _context = context;
            return end.Task;
        }

        Task drawing = _console
            .Progress()
            .AutoRefresh(false)
            .AutoClear(true)
            .ExcludeVerticalPadding()
            .Columns(new ProgressBarColumn { Width = _barWidth }, new TextColumn())
            .StartAsync(Draw);
        if (drawing.IsCompleted)
        {
            drawing.GetAwaiter().GetResult();
        }

        (_end, _drawing) = (end, drawing);
    }

    private sealed class TextColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Markup(task.Description);
    }
}
