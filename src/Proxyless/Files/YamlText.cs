using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Proxyless.Files;

/// <summary>
/// Reads YAML from other authors. Input that would exhaust the reader's stack or memory is rejected before it is built:
/// nesting deeper than any file here has, and aliases that multiply.
/// </summary>
internal static class YamlText
{
    private const int MostDepth = 32;
    private const long MostNodes = 1_000_000;

    /// <summary>Reads the documents of a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidInputException">
    /// The text is not YAML, is nested too deeply or multiplies itself; the message names the line.
    /// </exception>
    public static YamlStream Load(string text, string source)
    {
        Check(text, source);
        var stream = new YamlStream();
        Guarded(
            source,
            () =>
            {
                using var reader = new StringReader(text);
                stream.Load(reader);
            }
        );
        return stream;
    }

    /// <summary>Rejects what <see cref="Load"/> rejects.</summary>
    /// <inheritdoc cref="Load"/>
    public static void Check(string text, string source) => Guarded(source, () => Check(text));

    private static void Check(string text)
    {
        using var reader = new StringReader(text);
        var parser = new Parser(reader);

        // The number of nodes that an alias stands for, by the name of its anchor.
        var sizes = new Dictionary<string, long>();
        var open = new Stack<(string? Anchor, long Before)>();
        long nodes = 0;
        while (parser.MoveNext())
        {
            ParsingEvent current = parser.Current!;
            switch (current)
            {
                case MappingStart or SequenceStart:
                    var start = (NodeEvent)current;
                    open.Push((start.Anchor.IsEmpty ? null : start.Anchor.Value, nodes));
                    nodes++;
                    break;
                case MappingEnd or SequenceEnd:
                    (string? anchor, long before) = open.Pop();
                    if (anchor is not null)
                    {
                        sizes[anchor] = nodes - before;
                    }

                    break;
                case AnchorAlias alias:
                    nodes += sizes.TryGetValue(alias.Value.Value, out long size)
                        ? size
                        : throw new YamlException(
                            current.Start,
                            current.End,
                            $"'*{alias.Value}' refers to nothing that is complete before it"
                        );
                    break;
                case Scalar scalar:
                    nodes++;
                    if (!scalar.Anchor.IsEmpty)
                    {
                        sizes[scalar.Anchor.Value] = 1;
                    }

                    break;
            }

            if (open.Count > MostDepth)
            {
                throw new YamlException(current.Start, current.End, $"it is nested more than {MostDepth} deep");
            }

            if (nodes > MostNodes)
            {
                throw new YamlException(current.Start, current.End, $"it has more than {MostNodes} entries");
            }
        }
    }

    private static void Guarded(string source, Action read)
    {
        try
        {
            read();
        }
        catch (YamlException exception)
        {
            throw new InvalidInputException(
                $"{source}, line {exception.Start.Line}: no valid YAML: {exception.Message}",
                exception
            )
            {
                File = source,
            };
        }
        catch (Exception exception)
            when (exception.Source == typeof(Parser).Assembly.GetName().Name
                || exception is ArgumentException or FormatException or OverflowException or InvalidOperationException
            )
        {
            // The parser has its own exceptions for most mistakes, but not for all.
            throw new InvalidInputException($"{source}: no valid YAML: {exception.Message}", exception)
            {
                File = source,
            };
        }
    }
}
