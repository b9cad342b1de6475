using Proxyless.Files;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Output;

/// <summary>A summary as lines of name and value.</summary>
internal static class Facts
{
    // A value in fewer columns is broken into pieces.
    private const int LeastWidthOfValues = 32;
    private const int Gap = 3;

    /// <summary>
    /// Writes the facts whose value is not null: a line each, or on a narrow terminal the value below its name.
    /// </summary>
    public static void WriteFacts(this IAnsiConsole console, params IReadOnlyList<(string Name, string? Value)> facts)
    {
        ArgumentNullException.ThrowIfNull(console);

        // Names and metadata of files that others wrote are among them.
        (string Name, string Value)[] known =
        [
            .. facts
                .Where(fact => fact.Value is not null)
                .Select(fact => (ControlCharacters.Visible(fact.Name), ControlCharacters.Visible(fact.Value!))),
        ];
        int names = known.Select(fact => fact.Name.Length).DefaultIfEmpty(0).Max();
        int values = Math.Min(LeastWidthOfValues, known.Select(fact => fact.Value.Length).DefaultIfEmpty(0).Max());
        if (names + Gap + values > console.Profile.Width)
        {
            foreach ((string name, string value) in known)
            {
                console.WriteLine(name);
                console.Write(new Padder(new Text(value), new Padding(2, 0, 0, 0)));
            }

            return;
        }

        var grid = new Grid();
        grid.AddColumn(new GridColumn().NoWrap().PadRight(Gap));
        grid.AddColumn(new GridColumn());
        foreach ((string name, string value) in known)
        {
            grid.AddRow(Markup.Escape(name), Markup.Escape(value));
        }

        console.Write(grid);
    }

    /// <summary>Quotes a path or name as one word for a shell.</summary>
    public static string Quoted(string text) =>
        text.Length > 0
        && text.All(letter =>
            char.IsAsciiLetterOrDigit(letter) || "_./:=@%+,-\\".Contains(letter, StringComparison.Ordinal)
        )
            ? text
        : OperatingSystem.IsWindows() ? $"\"{text}\""
        : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>Shows the next command.</summary>
    public static void WriteNext(this IAnsiConsole console, string command) =>
        console.MarkupLine($"\nnext: [bold]{Markup.Escape(ControlCharacters.Visible(command))}[/]");

    /// <summary>Formats a share as percent.</summary>
    public static string Percent(double share) => $"{100 * share:0.00} %";

    /// <summary>Formats a share as percent; null if there is none.</summary>
    public static string? Percent(double? share) => share is { } known ? Percent(known) : null;

    /// <summary>The accuracy in folds; null if there is none.</summary>
    public static string? Folds(FoldAccuracy? folds) =>
        folds is null ? null : $"{Percent(folds.Top1)}, in the mean of the classes {Percent(folds.ClassTop1)}";

    /// <summary>The command that uses a model.</summary>
    public static string Prediction(string model) => $"proxyless predict --model {Quoted(model)} PHOTO.jpg";

    /// <summary>A latency; null if there is none.</summary>
    public static string? Milliseconds(double? milliseconds) =>
        milliseconds is { } time ? $"{MillisecondText.Of(time)} ms" : null;

    /// <summary>A latency, compared with its limit.</summary>
    public static string Latency(double milliseconds, double? limit) =>
        limit is { } most
            ? $"{MillisecondText.Of(milliseconds)} ms, "
                + (SumLimit.Allows(most, milliseconds) ? "within" : "OVER")
                + $" the limit of {MillisecondText.Short(most)} ms ({MillisecondText.ShareOf(milliseconds, most)})"
            : $"{MillisecondText.Of(milliseconds)} ms";
}
