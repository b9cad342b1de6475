using System.Text.RegularExpressions;

namespace Proxyless.Latency;

/// <summary>Numbers as programs print them: plain, with an exponent, or in the style of a language.</summary>
internal static partial class PrintedNumber
{
    /// <summary>
    /// The number out of which a group takes a part that has another value: 12,5 around 5, 1,234.5 around 234.5, 1e-3
    /// around 3. Without its last decimals a number has nearly the same value.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="part">A group that was found in it; it is not empty.</param>
    /// <returns>The whole number; null if the group takes all of it, or is not within one.</returns>
    public static string? Around(string text, Group part)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(part);
        int line = text.LastIndexOf('\n', part.Index) + 1;
        int end = part.Index + part.Length;
        for (Match found = Number().Match(text, line); found.Success && found.Index < end; found = found.NextMatch())
        {
            if (found.Index <= part.Index && found.Index + found.Length >= end && found.Length > part.Length)
            {
                return IsShortened(found, part) ? null : found.Value;
            }
        }

        return null;
    }

    /// <summary>Whether the part lacks nothing but zeros before it and decimals behind it.</summary>
    private static bool IsShortened(Match number, Group part)
    {
        int point = number.ValueSpan.IndexOf('.');
        int before = part.Index - number.Index;
        bool isToEnd = before + part.Length == number.Length;
        return number.ValueSpan[..before].TrimStart('0').IsEmpty
            && number.Groups["plain"].Length == number.Length
            && (isToEnd || (point >= 0 && point <= before + part.Length));
    }

    // A list such as 5.2,3.1 is none of them.
    [GeneratedRegex(
        "(?<![0-9.,])(?:"
            + "(?<plain>[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
            + "|[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?"
            + "|[0-9]{1,3}(?:,[0-9]{3})+(?:\\.[0-9]+)?"
            + "|[0-9]{1,3}(?:\\.[0-9]{3})+(?:,[0-9]+)?"
            + ")(?![0-9]|[.,][0-9])",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Number();
}
