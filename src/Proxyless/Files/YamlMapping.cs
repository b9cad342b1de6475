using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Proxyless.Files;

/// <summary>
/// A mapping of a YAML file that remembers its lines, so that every error names file, line, key and the allowed values.
/// Every member that reads throws <see cref="InvalidInputException"/> in that form.
/// </summary>
internal sealed class YamlMapping
{
    private readonly YamlMappingNode _node;

    private YamlMapping(YamlMappingNode node, string source)
    {
        _node = node;
        Source = source;
    }

    /// <summary>The file's name, for messages.</summary>
    public string Source { get; }

    /// <summary>The keys in the order of the file.</summary>
    public IReadOnlyList<string> Keys => [.. _node.Children.Keys.Select(KeyText)];

    /// <summary>Reads a file whose document is a mapping.</summary>
    /// <exception cref="InvalidInputException">
    /// The file is missing, too large, is not YAML or is not a mapping.
    /// </exception>
    public static YamlMapping Read(string path)
    {
        try
        {
            return Parse(TextFile.Read(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read ({exception.Message})", exception) { File = path };
        }
    }

    /// <summary>Reads a text whose document is a mapping.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidInputException">The text is not YAML or is not a mapping.</exception>
    public static YamlMapping Parse(string text, string source)
    {
        YamlStream stream = YamlText.Load(text, source);
        if (stream.Documents.Count != 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            throw new InvalidInputException($"{source}, line 1: expected one YAML document of 'key: value' lines")
            {
                File = source,
            };
        }

        return new YamlMapping(root, source);
    }

    /// <summary>Rejects keys other than these.</summary>
    public void AllowOnly(params IReadOnlyList<string> allowed)
    {
        foreach (YamlNode key in _node.Children.Keys)
        {
            string name = KeyText(key);
            if (!allowed.Contains(name))
            {
                throw new InvalidInputException(
                    $"{Where(key)}: unknown key '{name}'{NearestName.Suggestion(name, allowed)}; allowed are "
                        + $"{string.Join(", ", allowed)}"
                );
            }
        }
    }

    /// <summary>Whether the key exists.</summary>
    public bool Has(string key) => _node.Children.ContainsKey(key);

    /// <summary>The line of the key's value, from 1, or the mapping's own line if the key is missing.</summary>
    public long Line(string key) => (_node.Children.TryGetValue(key, out YamlNode? value) ? value : _node).Start.Line;

    /// <summary>Creates an error about the value of a key, with file and line.</summary>
    public InvalidInputException Error(string key, string complaint) =>
        new($"{Source}, line {Line(key)}: '{key}' {complaint}")
        {
            File = Source,
            Property = key,
            Value =
                _node.Children.TryGetValue(key, out YamlNode? value) && value is YamlScalarNode scalar
                    ? scalar.Value
                    : null,
        };

    /// <summary>Reads the text of a scalar.</summary>
    public string Text(string key) => Scalar(Value(key), key);

    /// <summary>Reads a whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int Integer(string key, int least, int most)
    {
        string text = Text(key);
        return
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && number >= least
            && number <= most
            ? number
            : throw Error(key, $"is '{text}'; allowed are whole numbers from {least} to {most}");
    }

    /// <summary>Reads a whole number; returns <paramref name="absent"/> if the key is missing.</summary>
    public int Integer(string key, int least, int most, int absent) => Has(key) ? Integer(key, least, most) : absent;

    /// <summary>Reads the mapping under a key.</summary>
    public YamlMapping Mapping(string key) =>
        Value(key) is YamlMappingNode node
            ? new YamlMapping(node, Source)
            : throw Error(key, "must hold keys of its own, such as {width: 32}");

    /// <summary>Reads the mappings listed under a key, at least one.</summary>
    public IReadOnlyList<YamlMapping> Mappings(string key) =>
        [
            .. Items(key)
                .Select(item =>
                    item is YamlMappingNode node
                        ? new YamlMapping(node, Source)
                        : throw new InvalidInputException(
                            $"{Where(item)}: an entry of '{key}' must hold keys of its own, such as {{width: 32}}"
                        )
                ),
        ];

    /// <summary>Reads the scalars listed under a key, at least one; <paramref name="parse"/> converts each.</summary>
    /// <param name="key">The key.</param>
    /// <param name="parse">Throws <see cref="FormatException"/>, with the allowed values, for an unknown value.</param>
    public IReadOnlyList<T> Values<T>(string key, Func<string, T> parse)
    {
        ArgumentNullException.ThrowIfNull(parse);
        var values = new List<T>();
        foreach (YamlNode item in Items(key))
        {
            try
            {
                values.Add(parse(Scalar(item, key)));
            }
            catch (FormatException exception)
            {
                throw new InvalidInputException($"{Where(item)}: '{key}': {exception.Message}", exception)
                {
                    File = Source,
                };
            }
        }

        return values;
    }

    /// <summary>Reads the texts of a key that holds one scalar or a list of them.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        Value(key) is YamlSequenceNode ? Values(key, text => text) : [Text(key)];

    private YamlNode Value(string key) =>
        _node.Children.TryGetValue(key, out YamlNode? value)
            ? value
            : throw new InvalidInputException($"{Where(_node)}: the key '{key}' is missing") { File = Source };

    private IEnumerable<YamlNode> Items(string key) =>
        Value(key) is YamlSequenceNode { Children.Count: > 0 } list
            ? list.Children
            : throw Error(key, "must be a list of at least one entry");

    private string Scalar(YamlNode node, string key) =>
        node is YamlScalarNode { Value: { Length: > 0 } text }
            ? text
            : throw new InvalidInputException($"{Where(node)}: '{key}' must be a single value") { File = Source };

    private string KeyText(YamlNode key) => Scalar(key, "key");

    private string Where(YamlNode node) => $"{Source}, line {node.Start.Line}";
}
