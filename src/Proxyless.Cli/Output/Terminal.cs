using Proxyless.Distributed;
using Proxyless.Files;
using Spectre.Console;

namespace Proxyless.Cli.Output;

/// <summary>Consoles for standard output and standard error, or for their replacements.</summary>
internal static class Terminal
{
    /// <summary>Wide enough that no table is broken into pieces if no window limits it.</summary>
    private const int UnlimitedWidth = 200;

    /// <summary>
    /// A console that writes to a writer: colors and live lines on a terminal, plain lines elsewhere.
    /// </summary>
    public static IAnsiConsole For(TextWriter writer)
    {
        bool terminal = IsTerminal(writer);
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(writer),
                Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
                ColorSystem = terminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,

                // Its detection also checks the other streams: the result may be written to a file while a person
                // follows the progress.
                Interactive = terminal ? InteractionSupport.Yes : InteractionSupport.No,
            }
        );
        if (!terminal)
        {
            console.Profile.Width = UnlimitedWidth;
        }

        return console;
    }

    /// <summary>A text in a number of columns; what is longer ends with an ellipsis.</summary>
    public static string Cut(string text, int width) =>
        text.Length <= width ? text : TextBeginning.Of(text, width - 1) + "…";

    /// <summary>Whether the output goes to a terminal of this process alone; that of an mpirun is none.</summary>
    public static bool IsTerminal(TextWriter writer) =>
        MpiLauncher.Here is null
        && (
            (ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected)
            || (ReferenceEquals(writer, Console.Error) && !Console.IsErrorRedirected)
        );
}
