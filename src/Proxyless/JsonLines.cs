using System.Text.Json;

namespace Proxyless;

/// <summary>Logs of one JSON object a line, names in snake_case.</summary>
internal static class JsonLines
{
    /// <summary>How everything of a run directory is written.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The same for files that a person reads.</summary>
    public static JsonSerializerOptions Indented { get; } = new(Options) { WriteIndented = true };

    /// <summary>Reads a log; a last line that was cut short is left out.</summary>
    public static List<T> Read<T>(string path)
    {
        var lines = new List<T>();
        foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            try
            {
                lines.Add(JsonSerializer.Deserialize<T>(line, Options)!);
            }
            catch (JsonException)
            {
                break;
            }
        }

        return lines;
    }

    /// <summary>Replaces a log in one step.</summary>
    public static void Write<T>(string path, IEnumerable<T> lines) =>
        AtomicFile.WriteAllText(path, string.Concat(lines.Select(line => JsonSerializer.Serialize(line, Options) + "\n")));
}
