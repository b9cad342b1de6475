using Spectre.Console;
using Spectre.Console.Rendering;

namespace Proxyless.Cli.Output;

/// <summary>
/// A console that never hides the cursor: a long job may be killed, and the shell after it would have no cursor.
/// </summary>
internal sealed class VisibleCursorConsole(IAnsiConsole inner) : IAnsiConsole, IAnsiConsoleCursor
{
    public Profile Profile => inner.Profile;

    public IAnsiConsoleCursor Cursor => this;

    public IAnsiConsoleInput Input => inner.Input;

    public IExclusivityMode ExclusivityMode => inner.ExclusivityMode;

    public RenderPipeline Pipeline => inner.Pipeline;

    public void Clear(bool home) => inner.Clear(home);

    public void Write(IRenderable renderable) => inner.Write(renderable);

    public void WriteAnsi(Action<AnsiWriter> action) => inner.WriteAnsi(action);

    public void Show(bool show)
    {
        // It is never hidden, so there is nothing to show.
    }

    public void SetPosition(int column, int line) => inner.Cursor.SetPosition(column, line);

    public void Move(CursorDirection direction, int steps) => inner.Cursor.Move(direction, steps);
}
