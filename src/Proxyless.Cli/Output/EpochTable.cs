using System.Globalization;

namespace Proxyless.Cli.Output;

/// <summary>
/// A table that grows by a row with each epoch of a search or a training. Its columns have fixed widths, so that rows
/// can be written one at a time; on a narrow terminal the least important ones are left out.
/// </summary>
internal sealed class EpochTable
{
    private const string Gap = "  ";

    // In the order in which they stand; on a narrow terminal the one with the highest number is left out first.
    private static readonly Column[] Columns =
    [
        new("epoch", 5, 0, _ => true, epoch => Number(epoch.Epoch, "0")),
        new("done", 5, 8, _ => true, epoch => Share((double)epoch.Step / epoch.Steps, "0 %")),
        new("loss", 6, 1, _ => true, epoch => Number(epoch.TrainLoss, "0.000")),
        new("held out", 8, 7, IsSearch, epoch => Number(epoch.ValidationLoss, "0.000")),
        new("top-1", 6, 2, _ => true, epoch => Share(epoch.Top1, "0.0 %")),
        new("latency, ms", 16, 3, epoch => epoch.ExpectedLatencyMs is not null, Latency),
        new("entropy", 7, 5, IsSearch, epoch => Share(epoch.RelativeEntropy, "0 %")),
        new("rate", 8, 5, epoch => !IsSearch(epoch), epoch => Number(epoch.LearningRate, "G3")),
        new("images/s", 8, 6, _ => true, epoch => Number(epoch.ImagesPerSecond, "0")),
        new("left", 10, 4, _ => true, epoch => epoch.Remaining is { } left ? Durations.Text(left) : ""),
        new("target", 12, 3, epoch => epoch.Target is not null, epoch => epoch.Target ?? ""),
    ];

    private readonly Dictionary<string, string> _networks = [];
    private string _header = "";

    /// <summary>
    /// Returns the lines of an epoch: the header where a stage begins, its row, and the most probable network where it
    /// is another one than before.
    /// </summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="width">Columns of the terminal; no line is longer.</param>
    public IReadOnlyList<EpochLine> Add(RunEpoch epoch, int width)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        Column[] columns = ColumnsOf(epoch, width);
        var lines = new List<EpochLine>();
        string header = Row(columns, column => column.Name);
        if (header != _header)
        {
            _header = header;
            lines.Add(new EpochLine(header, EpochLineKind.Header));
        }

        lines.Add(new EpochLine(Row(columns, column => column.Text(epoch)), EpochLineKind.Row));
        if (epoch.MostProbable is { } network && _networks.GetValueOrDefault(epoch.Target ?? "") != network)
        {
            _networks[epoch.Target ?? ""] = network;
            lines.Add(new EpochLine(Terminal.Cut($"{Gap}network {network}", width), EpochLineKind.Network));
        }

        return lines;
    }

    private static Column[] ColumnsOf(RunEpoch epoch, int width)
    {
        Column[] columns = [.. Columns.Where(column => column.IsFor(epoch))];
        while (columns.Length > 1 && columns.Sum(column => column.Width + Gap.Length) - Gap.Length > width)
        {
            Column least = columns.MaxBy(column => column.DroppedAt)!;
            columns = [.. columns.Where(column => column != least)];
        }

        return columns;
    }

    private static string Row(Column[] columns, Func<Column, string> text) =>
        string.Join(Gap, columns.Select(column => Terminal.Cut(text(column), column.Width).PadLeft(column.Width)));

    private static bool IsSearch(RunEpoch epoch) => epoch.Stage == RunEpoch.SearchStage;

    private static string Latency(RunEpoch epoch) =>
        epoch.LatencyLimitMs is { } limit
            ? $"{Milliseconds(epoch.ExpectedLatencyMs)} of {Milliseconds(limit)}"
            : Milliseconds(epoch.ExpectedLatencyMs);

    // Three digits where there is room for them, and an exponent only where there is none for any.
    private static string Milliseconds(double? time) =>
        Number(
            time,
            time switch
            {
                > 0 and < 0.001 => "0.0E-0",
                < 0.1 => "0.0000",
                < 1 => "0.000",
                < 10 => "0.00",
                < 100 => "0.0",
                _ => "0",
            }
        );

    private static string Share(double? share, string format) =>
        share is { } value ? value.ToString(format, CultureInfo.InvariantCulture) : "";

    private static string Number(double? number, string format) =>
        number is { } value ? value.ToString(format, CultureInfo.InvariantCulture) : "";

    /// <param name="Name">Its header.</param>
    /// <param name="Width">Its width in characters.</param>
    /// <param name="DroppedAt">When a narrow terminal leaves it out: the highest number first.</param>
    /// <param name="IsFor">Whether epochs of this kind have it.</param>
    /// <param name="Text">The text of an epoch.</param>
    private sealed record Column(
        string Name,
        int Width,
        int DroppedAt,
        Predicate<RunEpoch> IsFor,
        Func<RunEpoch, string> Text
    );
}

/// <summary>What a line of an <see cref="EpochTable"/> is.</summary>
internal enum EpochLineKind
{
    /// <summary>The names of the columns.</summary>
    Header,

    /// <summary>The figures of an epoch.</summary>
    Row,

    /// <summary>The most probable network.</summary>
    Network,
}

/// <summary>A line of an <see cref="EpochTable"/>.</summary>
/// <param name="Text">The text.</param>
/// <param name="Kind">What it is.</param>
internal sealed record EpochLine(string Text, EpochLineKind Kind);
