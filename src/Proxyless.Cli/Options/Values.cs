using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Proxyless.Cli.Options;

/// <summary>Options by the kind of their value; a value that is not allowed is refused with those that are.</summary>
internal static partial class Values
{
    /// <summary>A text.</summary>
    public static Option<string?> Text(string name, string value, string description) => new(name) { HelpName = value, Description = description };

    /// <summary>Present or absent.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>A whole number, where nothing else is said one that an <see cref="int"/> holds.</summary>
    public static Option<long?> Integer(string name, string description, long least = int.MinValue, long most = int.MaxValue) => Parsed<long?>(
        name,
        "N",
        description,
        text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most ? number : null,
        $"whole numbers from {least} to {most}");

    /// <summary>A number.</summary>
    public static Option<double?> Number(string name, string value, string description) => Parsed<double?>(
        name,
        value,
        description,
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null,
        "numbers such as 0.5");

    /// <summary>A time as <c>2h</c>, <c>90m</c>, <c>1h30m</c> or <c>45s</c>.</summary>
    public static Option<TimeSpan?> Time(string name, string description) =>
        Parsed<TimeSpan?>(name, "TIME", description, ParseTime, "times such as 2h, 90m, 1h30m, 45s");

    /// <summary>One of a few words.</summary>
    public static Option<T?> Choice<T>(string name, string description, IReadOnlyDictionary<string, T> words)
        where T : struct => Parsed<T?>(
        name,
        string.Join('|', words.Keys),
        description,
        text => words.TryGetValue(text, out T value) ? value : null,
        string.Join(", ", words.Keys));

    /// <summary>One or several of a few words, separated by commas.</summary>
    public static Option<T[]?> Choices<T>(string name, string description, IReadOnlyDictionary<string, T> words)
        where T : struct => Parsed<T[]?>(
        name,
        string.Join('|', words.Keys),
        description,
        text => text.Split(',') is var parts && parts.All(words.ContainsKey) ? [.. parts.Select(part => words[part])] : null,
        $"{string.Join(", ", words.Keys)}, several separated by commas");

    /// <summary>The words of an enumeration: <c>TwoPath</c> is <c>two-path</c>.</summary>
    public static IReadOnlyDictionary<string, T> Words<T>()
        where T : struct, Enum => Enum.GetValues<T>().ToDictionary(value => Capital().Replace(value.ToString(), "-$0").ToLowerInvariant());

    private static Option<T> Parsed<T>(string name, string value, string description, Func<string, T> parse, string allowed) => new(name)
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

        double Part(string name) => match.Groups[name].Success ? double.Parse(match.Groups[name].ValueSpan, CultureInfo.InvariantCulture) : 0;
        var time = TimeSpan.FromSeconds((3600 * Part("h")) + (60 * Part("m")) + Part("s"));
        return time > TimeSpan.Zero ? time : null;
    }

    [GeneratedRegex(@"^((?<h>[0-9]{1,4}(\.[0-9]+)?)h)?((?<m>[0-9]{1,5}(\.[0-9]+)?)m)?((?<s>[0-9]{1,6}(\.[0-9]+)?)s)?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex TimePattern();

    [GeneratedRegex("(?<!^)[A-Z]", RegexOptions.CultureInvariant)]
    private static partial Regex Capital();
}
