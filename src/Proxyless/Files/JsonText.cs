using System.Text.Json;

namespace Proxyless.Files;

/// <summary>
/// Reads JSON that a run or a comparison has written, and that may have been changed or damaged since.
/// </summary>
internal static class JsonText
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fix">What to do if it cannot be read, for the message.</param>
    /// <exception cref="InvalidInputException">
    /// The file is missing or does not hold a complete value of that type; the message says file and line.
    /// </exception>
    public static T Read<T>(string path, string fix)
    {
        try
        {
            return Parse<T>(TextFile.Read(path), path, fix);
        }
        catch (Exception exception)
            when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read ({exception.Message}); {fix}", exception)
            {
                File = path,
            };
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="fix">What to do if it cannot be read, for the message.</param>
    /// <param name="line">The text's first line in the file, from 1.</param>
    /// <param name="nullsInLists">Whether a list may hold nulls.</param>
    /// <exception cref="InvalidInputException">The text is not a complete value of that type.</exception>
    public static T Parse<T>(string text, string source, string fix, long line = 1, bool nullsInLists = false)
    {
        try
        {
            if (!nullsInLists)
            {
                // The serializer checks only properties for nulls.
                using var document = JsonDocument.Parse(text);
                RequireItems(document.RootElement);
            }

            return JsonSerializer.Deserialize<T>(text, JsonLines.Options) ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException(
                $"{source}, line {line + (exception.LineNumber ?? 0)}: cannot be read: {exception.Message}; {fix}",
                exception
            )
            {
                File = source,
            };
        }
    }

    private static void RequireItems(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    if (item.ValueKind == JsonValueKind.Null)
                    {
                        throw new JsonException("a list holds null");
                    }

                    RequireItems(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    RequireItems(property.Value);
                }

                break;
        }
    }
}
