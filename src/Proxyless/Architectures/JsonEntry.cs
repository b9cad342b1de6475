using System.Text.Json;
using Proxyless.Files;

namespace Proxyless.Architectures;

/// <summary>A value of a JSON file with its position, so that an error message names the file and the entry.</summary>
/// <param name="element">The value.</param>
/// <param name="source">The file's name.</param>
/// <param name="path">Its path in the file: <c>blocks[3].stride</c>; empty for the whole document.</param>
internal readonly struct JsonEntry(JsonElement element, string source, string path)
{
    /// <summary>The file's name.</summary>
    public string Source => source;

    /// <summary>Whether the value is <c>null</c>.</summary>
    public bool IsNull => element.ValueKind == JsonValueKind.Null;

    /// <summary>The value under a key.</summary>
    /// <exception cref="InvalidInputException">The key is missing.</exception>
    public JsonEntry this[string key] =>
        Object().TryGetProperty(key, out JsonElement value)
            ? new JsonEntry(value, source, path.Length == 0 ? key : $"{path}.{key}")
            : throw new InvalidInputException(
                $"{source}: {(path.Length == 0 ? "" : $"in '{path}', ")}the key '{key}' is missing"
            )
            {
                File = source,
            };

    /// <summary>Whether the value is this one of <c>true</c> and <c>false</c>.</summary>
    public bool Is(bool flag) => element.ValueKind == (flag ? JsonValueKind.True : JsonValueKind.False);

    /// <summary>Whether the value is an object that holds the key.</summary>
    public bool Has(string key) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out _);

    /// <summary>Rejects keys other than these.</summary>
    public void AllowOnly(params IReadOnlyList<string> allowed)
    {
        foreach (JsonProperty property in Object().EnumerateObject())
        {
            if (!allowed.Contains(property.Name))
            {
                throw new InvalidInputException(
                    $"{source}: {(path.Length == 0 ? "" : $"in '{path}', ")}unknown key '{property.Name}'"
                        + $"{NearestName.Suggestion(property.Name, allowed)}; allowed are {string.Join(", ", allowed)}"
                );
            }
        }
    }

    /// <summary>The value as text.</summary>
    public string Text() =>
        element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Error("must be a text");

    /// <summary>The value as a whole number in a range.</summary>
    public int Integer(int least, int most) =>
        element.ValueKind == JsonValueKind.Number
        && element.TryGetInt32(out int number)
        && number >= least
        && number <= most
            ? number
            : throw Error($"is {element.GetRawText()}; allowed are whole numbers from {least} to {most}");

    /// <summary>The value's entries, at least one.</summary>
    public IReadOnlyList<JsonEntry> Items()
    {
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() == 0)
        {
            throw Error("must be a list of at least one entry");
        }

        var items = new List<JsonEntry>(element.GetArrayLength());
        foreach (JsonElement item in element.EnumerateArray())
        {
            items.Add(new JsonEntry(item, source, $"{path}[{items.Count}]"));
        }

        return items;
    }

    /// <summary>The value as an object whose values are texts.</summary>
    public Dictionary<string, string> Texts()
    {
        var texts = new Dictionary<string, string>();
        foreach (JsonProperty property in Object().EnumerateObject())
        {
            texts[property.Name] = this[property.Name].Text();
        }

        return texts;
    }

    /// <summary>Creates an error about the value.</summary>
    public InvalidInputException Error(string complaint) =>
        new($"{source}: '{path}' {complaint}")
        {
            File = source,
            Property = path,
            Value = element.ValueKind is JsonValueKind.String or JsonValueKind.Number ? element.ToString() : null,
        };

    private JsonElement Object() =>
        element.ValueKind == JsonValueKind.Object
            ? element
            : throw new InvalidInputException(
                $"{source}: {(path.Length == 0 ? "the document" : $"'{path}'")} must be an object of keys and values"
            )
            {
                File = source,
            };
}
