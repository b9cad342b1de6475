using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Proxyless.Runs;

namespace Proxyless.Cli.Options;

/// <summary>
/// Options by the kind of their value; the error for a value that is not allowed lists those that are.
/// </summary>
internal static partial class Values
{
    /// <summary>A text.</summary>
    public static Option<string?> Text(string name, string value, string description)
    {
        var option = new Option<string?>(name) { HelpName = value, Description = description };
        option.Validators.Add(result => RefuseNothing(result, result.Tokens, $"option '{name}'"));
        return option;
    }

    /// <summary>Texts: the option may be repeated.</summary>
    public static Option<string[]> Texts(string name, string value, string description)
    {
        var option = new Option<string[]>(name) { HelpName = value, Description = description };
        option.Validators.Add(result => RefuseNothing(result, result.Tokens, $"option '{name}'"));
        return option;
    }

    /// <summary>Whole numbers, separated by commas.</summary>
    /// <param name="name">The option.</param>
    /// <param name="example">Such numbers, for help and errors.</param>
    /// <param name="description">What they are.</param>
    /// <param name="least">The smallest.</param>
    /// <param name="most">The largest.</param>
    public static Option<int[]> Integers(string name, string example, string description, int least, int most) =>
        new(name)
        {
            HelpName = example,
            Description = description,
            CustomParser = result =>
            {
                string text = string.Join(',', result.Tokens.Select(token => token.Value));
                var numbers = new List<int>();
                foreach (string piece in text.Split(','))
                {
                    if (
                        int.TryParse(piece, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                        && number >= least
                        && number <= most
                    )
                    {
                        numbers.Add(number);
                        continue;
                    }

                    result.AddError(
                        $"option '{name}': '{text}' is no list of whole numbers from {least} to {most}, such as "
                            + $"{example}"
                    );
                    return [];
                }

                return [.. numbers];
            },
        };

    /// <summary>Rejects text that cannot be a name, and would be misinterpreted later.</summary>
    /// <param name="result">Receives the error.</param>
    /// <param name="tokens">The words.</param>
    /// <param name="what">The option that they are the value of.</param>
    public static void RefuseNothing(SymbolResult result, IReadOnlyList<Token> tokens, string what)
    {
        if (tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        {
            result.AddError($"{what} is empty; leave it out or give it a value");
        }
        else if (tokens.Any(token => token.Value.Contains('\0', StringComparison.Ordinal)))
        {
            result.AddError($"{what} holds a character of code 0, which no name can have");
        }
    }

    /// <summary>Present or absent.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<long?> Integer(string name, string description, long least, long most) =>
        Integer(name, description, new NumberRange(least, most, IsWhole: true));

    /// <summary>A whole number in a range.</summary>
    public static Option<long?> Integer(string name, string description, NumberRange range) =>
        Parsed<long?>(
            name,
            "N",
            description,
            text =>
                long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
                && range.Contains(number)
                    ? number
                    : null,
            range.ToString()
        );

    /// <summary>A number in a range.</summary>
    public static Option<double?> Number(string name, string value, string description, NumberRange range) =>
        Parsed<double?>(
            name,
            value,
            description,
            text =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                && range.Contains(number)
                    ? number
                    : null,
            range.ToString()
        );

    /// <summary>A time as <c>2h</c>, <c>90m</c>, <c>1h30m</c> or <c>45s</c>.</summary>
    public static Option<TimeSpan?> Time(string name, string description) =>
        Parsed<TimeSpan?>(name, "TIME", description, ParseTime, RunOptions.TimeRange);

    /// <summary>One of a few words.</summary>
    public static Option<T?> Choice<T>(string name, string description, IReadOnlyDictionary<string, T> words)
        where T : struct =>
        Parsed<T?>(
            name,
            string.Join('|', words.Keys),
            description,
            text => words.TryGetValue(text, out T value) ? value : null,
            string.Join(", ", words.Keys)
        );

    /// <summary>
    /// Some of a few words, separated by commas or given one after another. Without any, the parser creates an empty
    /// array, not null.
    /// </summary>
    public static Option<T[]> Choices<T>(string name, string description, IReadOnlyDictionary<string, T> words)
        where T : struct =>
        new(name)
        {
            HelpName = string.Join('|', words.Keys),
            Description = description,
            CustomParser = result =>
            {
                string[] parts = [.. result.Tokens.SelectMany(token => token.Value.Split(','))];
                if (Array.Find(parts, part => !words.ContainsKey(part)) is not null)
                {
                    result.AddError(
                        $"option '{name}' is '{string.Join(',', parts)}'; allowed are "
                            + $"{string.Join(", ", words.Keys)}, several separated by commas"
                    );
                    return [];
                }

                return [.. parts.Select(part => words[part])];
            },
        };

    /// <summary>The words of an enumeration: <c>TwoPath</c> is <c>two-path</c>.</summary>
    public static IReadOnlyDictionary<string, T> Words<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>().ToDictionary(value => Capital().Replace(value.ToString(), "-$0").ToLowerInvariant());

    private static Option<T> Parsed<T>(
        string name,
        string value,
        string description,
        Func<string, T> parse,
        string allowed
    ) =>
        new(name)
        {
            HelpName = value,
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                T parsed = parse(text);
                if (parsed is null)
                {
                    result.AddError($"option '{name}' is '{text}'; allowed are {allowed}");
                }

                return parsed;
            },
        };

    private static TimeSpan? ParseTime(string text)
    {
        Match match = TimePattern().Match(text);
        if (!match.Success || text.Length == 0)
        {
            return null;
        }

        double Part(string name) =>
            match.Groups[name].Success ? double.Parse(match.Groups[name].ValueSpan, CultureInfo.InvariantCulture) : 0;
        double seconds = (3600 * Part("h")) + (60 * Part("m")) + Part("s");
        return seconds >= RunOptions.LeastTime.TotalSeconds && seconds <= RunOptions.MostTime.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }

    [GeneratedRegex(
        @"^((?<h>[0-9]+(\.[0-9]+)?)h)?((?<m>[0-9]+(\.[0-9]+)?)m)?((?<s>[0-9]+(\.[0-9]+)?)s)?$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex TimePattern();

    [GeneratedRegex("(?<!^)[A-Z]", RegexOptions.CultureInvariant)]
    private static partial Regex Capital();
}
