using System.Text.Json;

namespace Proxyless.Files;

/// <summary>Logs with one JSON object per line and names in snake_case.</summary>
internal static class JsonLines
{
    /// <summary>The format of all JSON in a run directory.</summary>
    public static JsonSerializerOptions Options { get; } =
        new(JsonSerializerDefaults.General)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            AllowDuplicateProperties = false,
        };

    /// <summary>The same for files that people read.</summary>
    public static JsonSerializerOptions Indented { get; } = new(Options) { WriteIndented = true };

    /// <summary>Reads a log. A last line that was cut short is left out.</summary>
    /// <exception cref="InvalidInputException">
    /// The file cannot be read; or another line is damaged, or of another version: the message says file and line.
    /// </exception>
    public static List<T> Read<T>(string path)
    {
        var lines = new List<T>();
        if (!File.Exists(path))
        {
            return lines;
        }

        string[] texts = TextFile.ReadNamed(path).Split('\n');
        for (int i = 0; i < texts.Length; i++)
        {
            bool isLast = i == texts.Length - 1;
            if (isLast && texts[i].Length == 0)
            {
                break;
            }

            try
            {
                lines.Add(
                    JsonText.Parse<T>(
                        texts[i],
                        path,
                        "restore the line, or remove it if its values are not needed",
                        i + 1
                    )
                );
            }
            catch (InvalidInputException) when (isLast)
            {
                break;
            }
        }

        return lines;
    }

    /// <summary>Replaces a log in one step.</summary>
    public static void Write<T>(string path, IEnumerable<T> lines) =>
        AtomicFile.WriteAllText(
            path,
            string.Concat(lines.Select(line => JsonSerializer.Serialize(line, Options) + "\n"))
        );
}
