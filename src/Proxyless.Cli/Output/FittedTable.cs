using Spectre.Console;
using Spectre.Console.Rendering;

namespace Proxyless.Cli.Output;

/// <summary>Tables that fit the terminal: a cell that is broken into pieces cannot be read.</summary>
internal static class FittedTable
{
    /// <summary>An empty table with columns of text, then of numbers.</summary>
    /// <param name="texts">The names of the first columns.</param>
    /// <param name="numbers">The names of the others, which are aligned at the right.</param>
    public static Table Of(IEnumerable<string> texts, IEnumerable<string> numbers)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(numbers);
        var table = new Table { Border = TableBorder.Simple };
        foreach (string name in texts)
        {
            table.AddColumn(new TableColumn(Markup.Escape(name)));
        }

        foreach (string name in numbers)
        {
            table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned());
        }

        return table;
    }

    /// <summary>
    /// Writes a table; on a terminal that is too narrow for it, without its last columns, which are then named.
    /// </summary>
    /// <param name="console">The destination.</param>
    /// <param name="table">The table.</param>
    /// <param name="unimportant">The names of columns that are left out before others, the first one first.</param>
    public static void WriteFitted(this IAnsiConsole console, Table table, params IReadOnlyList<string> unimportant)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(table);
        var options = RenderOptions.Create(console, console.Profile.Capabilities);
        string[] names = [.. table.Columns.Select(column => TextOf(column.Header, options))];
        var kept = Enumerable.Range(0, names.Length).ToList();
        var left = new List<string>();
        Table fitted = table;
        while (kept.Count > 1 && ((IRenderable)fitted).Measure(options, int.MaxValue / 2).Max > console.Profile.Width)
        {
            int drop = unimportant.Select(name => Array.IndexOf(names, name)).FirstOrDefault(kept.Contains, kept[^1]);
            kept.Remove(drop);
            left.Add(names[drop]);
            fitted = Part(table, kept);
        }

        console.Write(fitted);
        if (left.Count > 0)
        {
            console.MarkupLine(
                $"[dim]{Markup.Escape($"a wider terminal, or --json, also shows: {string.Join(", ", left)}")}[/]"
            );
        }
    }

    private static Table Part(Table table, List<int> columns)
    {
        var part = new Table { Border = table.Border };
        columns.ForEach(column => part.AddColumn(table.Columns[column]));
        foreach (TableRow row in table.Rows)
        {
            part.AddRow(columns.Select(column => row[column]));
        }

        return part;
    }

    private static string TextOf(IRenderable header, RenderOptions options) =>
        string.Concat(header.Render(options, int.MaxValue / 2).Select(segment => segment.Text)).Trim();
}
