using System.Text;
using System.Text.RegularExpressions;

namespace Proxyless.Tests.Fuzz;

/// <summary>
/// Damages JSON, YAML and lines of text by their words, so that what comes out is mostly read to the end.
/// </summary>
internal static partial class TextMutator
{
    private static readonly string[] Numbers =
    [
        "1e300",
        "-1e300",
        "1e999",
        "-1",
        "0",
        "-0",
        "NaN",
        "Infinity",
        "-Infinity",
        "\"NaN\"",
        "99999999999999999999",
        "2147483647",
        "2147483648",
        "-2147483649",
        "9223372036854775807",
        "9223372036854775808",
        "0.5",
        "1.5",
        "4294967296",
        "65536",
        "1e-320",
        "٣",
        "0x10",
        "1_000",
    ];

    private static readonly string[] Values =
    [
        "null",
        "true",
        "false",
        "[]",
        "{}",
        "\"\"",
        "\"text\"",
        "[null]",
        "[[]]",
        "[1]",
        "{\"a\": 1}",
        "{\"a\": null}",
        "-1",
        "\"-1\"",
        "\"\\uD800\"",
        "\"\\u0000\"",
        "\"../../..\"",
        "\"/\"",
        "\"\\uDC00\\uD800\"",
        "1",
        "\"1\"",
        "[[[null]]]",
    ];

    private static readonly string[] YamlValues =
    [
        "~",
        "&a b",
        "*a",
        "&a [*a]",
        "!!int x",
        "!!binary \"?\"",
        "!<tag:x> y",
        "? [a, b]\n: c",
        "|\n  text",
        ">-\n  text",
        "'",
        "\"\\U00110000\"",
        "\"\\x\"",
        "%YAML 99999999999999999999.1\n---\n",
        "---\n",
        "...\n",
        "<<: {a: 1}",
        "{? {a: b}: c}",
        "- - - 1",
        ": ",
        "\t",
        "@x",
        "`x",
        "[a, b",
        "{a: ",
        "\"a\nb\"",
        "2001-01-01",
        "0o17",
        ".nan",
        ".inf",
        "@file",
        "--help",
        "\u0085",
        "\u2028",
        "\0",
        "\uFEFF",
    ];

    private static readonly int[] Depths = [60, 65, 100, 1000, 20_000];

    /// <summary>One change to a text.</summary>
    public static byte[] Change(Random random, byte[] bytes, FuzzSyntax syntax) =>
        Encoding.UTF8.GetBytes(Change(random, Encoding.UTF8.GetString(bytes), syntax));

    /// <summary>One change to a text.</summary>
    public static string Change(Random random, string text, FuzzSyntax syntax)
    {
        // Deep ones are long, so there are few of them.
        if (random.Next(64) == 0)
        {
            return text.Insert(random.Next(text.Length + 1), Nested(random, syntax));
        }

        return random.Next(4) switch
        {
            0 => ChangeMatch(random, text, NumberPattern(), Numbers),
            1 => ChangeLines(random, text),
            2 when syntax == FuzzSyntax.Yaml => ChangeMatch(random, text, TokenPattern(), YamlValues),
            _ => ChangeTokens(random, text),
        };
    }

    private static string Nested(Random random, FuzzSyntax syntax)
    {
        int depth = Depths[random.Next(Depths.Length)];
        string open = (syntax, random.Next(3)) switch
        {
            (FuzzSyntax.Yaml, 0) => "- ",
            (FuzzSyntax.Yaml, 1) => "{a: ",
            (_, 0) => "{\"a\":",
            _ => "[",
        };
        string nested = string.Concat(Enumerable.Repeat(open, depth));
        return random.Next(2) == 0 || open is "- "
            ? nested
            : nested + "1" + new string(open[0] == '[' ? ']' : '}', depth);
    }

    private static string ChangeMatch(Random random, string text, Regex pattern, string[] by)
    {
        MatchCollection matches = pattern.Matches(text);
        if (matches.Count == 0)
        {
            return text + by[random.Next(by.Length)];
        }

        Match match = matches[random.Next(matches.Count)];
        return text[..match.Index] + by[random.Next(by.Length)] + text[(match.Index + match.Length)..];
    }

    private static string ChangeTokens(Random random, string text)
    {
        List<string> tokens = [.. TokenPattern().Matches(text).Select(match => match.Value)];
        if (tokens.Count == 0)
        {
            return Values[random.Next(Values.Length)];
        }

        int one = random.Next(tokens.Count);
        int two = random.Next(tokens.Count);
        switch (random.Next(4))
        {
            case 0:
                tokens.RemoveAt(one);
                break;
            case 1:
                tokens.Insert(two, tokens[one]);
                break;
            case 2:
                (tokens[one], tokens[two]) = (tokens[two], tokens[one]);
                break;
            default:
                // Structure stays as it is where a value is replaced.
                int[] values = [.. Enumerable.Range(0, tokens.Count).Where(i => ValuePattern().IsMatch(tokens[i]))];
                tokens[values.Length == 0 ? one : values[random.Next(values.Length)]] = Values[
                    random.Next(Values.Length)
                ];
                break;
        }

        return string.Concat(tokens);
    }

    private static string ChangeLines(Random random, string text)
    {
        List<string> lines = [.. text.Split('\n')];
        int one = random.Next(lines.Count);
        int two = random.Next(lines.Count);
        switch (random.Next(4))
        {
            case 0:
                lines.RemoveAt(one);
                break;
            case 1:
                lines.Insert(two, lines[one]);
                break;
            case 2:
                (lines[one], lines[two]) = (lines[two], lines[one]);
                break;
            default:
                lines[one] = lines[one][..random.Next(lines[one].Length + 1)];
                break;
        }

        return string.Join('\n', lines);
    }

    [GeneratedRegex("-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(
        "\"(\\\\.|[^\"\\\\])*\"|[A-Za-z_][A-Za-z_0-9.-]*|-?[0-9][0-9.eE+-]*|\\s+|.",
        RegexOptions.Singleline
    )]
    private static partial Regex TokenPattern();

    [GeneratedRegex("^[\"A-Za-z0-9-]")]
    private static partial Regex ValuePattern();
}
