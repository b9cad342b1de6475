using System.Globalization;
using Proxyless.Architectures;
using Spectre.Console;

namespace Proxyless.Cli.Output;

/// <summary>An architecture as a table, one row per block.</summary>
internal static class ArchitectureTable
{
    /// <summary>Writes the table.</summary>
    /// <param name="console">The destination.</param>
    /// <param name="architecture">What to show.</param>
    /// <param name="blockLatenciesMs">Milliseconds of each block, or null for none.</param>
    public static void WriteArchitecture(
        this IAnsiConsole console,
        Architecture architecture,
        IReadOnlyList<double>? blockLatenciesMs = null
    )
    {
        Table table = FittedTable.Of(
            [],
            [
                "block",
                "operation",
                "in",
                "out",
                "stride",
                "parameters",
                "multiply-adds",
                .. blockLatenciesMs is null ? (string[])[] : ["ms"],
            ]
        );
        table.Columns[1].LeftAligned();
        Stem stem = architecture.Stem;
        AddRow(
            table,
            "",
            "stem 3x3",
            stem.InputChannels,
            stem.InputResolution,
            stem.Width,
            stem.OutputResolution,
            stem.Stride,
            ArchitectureCost.Of(stem),
            blockLatenciesMs is null ? null : ""
        );
        for (int i = 0; i < architecture.Blocks.Count; i++)
        {
            Block block = architecture.Blocks[i];
            string operation = block.IsPassThrough ? $"{block.Operation} (vanished)" : block.Operation.ToString();
            AddRow(
                table,
                Text(i + 1),
                operation,
                block.InputWidth,
                block.InputResolution,
                block.OutputWidth,
                block.OutputResolution,
                block.Stride,
                ArchitectureCost.Of(block),
                blockLatenciesMs is null ? null : MillisecondText.Of(blockLatenciesMs[i])
            );
        }

        Head head = architecture.Head;
        AddRow(
            table,
            "",
            $"head 1x1, {head.Width}, linear",
            head.InputWidth,
            head.InputResolution,
            head.Classes,
            1,
            1,
            ArchitectureCost.Of(head),
            blockLatenciesMs is null ? null : ""
        );
        console.WriteFitted(table, "in", "stride", "multiply-adds", "parameters");
    }

    private static void AddRow(
        Table table,
        string index,
        string operation,
        int input,
        int inputSide,
        int output,
        int outputSide,
        int stride,
        ArchitectureCost cost,
        string? latency
    )
    {
        string[] cells =
        [
            index,
            operation,
            $"{input}x{inputSide}x{inputSide}",
            $"{output}x{outputSide}x{outputSide}",
            Text(stride),
            cost.Parameters.ToString("N0", CultureInfo.InvariantCulture),
            cost.MultiplyAdds.ToString("N0", CultureInfo.InvariantCulture),
        ];
        table.AddRow(latency is null ? cells : [.. cells, latency]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
