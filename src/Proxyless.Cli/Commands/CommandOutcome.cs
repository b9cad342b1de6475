using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Proxyless.Cli.Output;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>The result of a command: as data, and as a summary to read.</summary>
/// <param name="Result">Printed as JSON with snake_case names.</param>
/// <param name="Summarize">Writes the summary.</param>
internal sealed record CommandOutcome(object Result, Action<IAnsiConsole> Summarize)
{
    /// <summary>Errors of parts, while the rest was done: one line each for standard error.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>The exit code of the process.</summary>
    public int ExitCode { get; init; } = Cli.ExitCode.Done;

    /// <summary>How results become JSON: snake_case names, words of enumerations with hyphens.</summary>
    public static JsonSerializerOptions JsonOptions { get; } =
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
            WriteIndented = true,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };

    /// <summary>Prints one or the other.</summary>
    public void WriteTo(TextWriter output, bool json)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(Result, JsonOptions));
        }
        else
        {
            Summarize(Terminal.For(output));
        }
    }
}
