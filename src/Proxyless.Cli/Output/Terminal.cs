using Spectre.Console;

namespace Proxyless.Cli.Output;

/// <summary>Consoles for standard output and standard error, or for whatever takes their place.</summary>
internal static class Terminal
{
    /// <summary>Wide enough that no table is broken into pieces where nobody's window limits it.</summary>
    private const int UnlimitedWidth = 200;

    /// <summary>
    /// A console that writes to a writer: colours and live lines on a terminal, plain lines elsewhere.
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

                // Its detection also asks where the other streams go: the result may be written to a file while a
                // person follows the progress.
                Interactive = terminal ? InteractionSupport.Yes : InteractionSupport.No,
            }
        );
        if (!terminal)
        {
            console.Profile.Width = UnlimitedWidth;
        }

        return console;
    }

    /// <summary>Whether a person looks at what is written.</summary>
    public static bool IsTerminal(TextWriter writer) =>
        (ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected)
        || (ReferenceEquals(writer, Console.Error) && !Console.IsErrorRedirected);
}
