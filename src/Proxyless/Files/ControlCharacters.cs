using System.Text;

namespace Proxyless.Files;

/// <summary>Characters that a terminal would obey, and breaks of lines.</summary>
internal static class ControlCharacters
{
    /// <summary>Whether a letter is one.</summary>
    public static bool Is(char letter) => char.IsControl(letter) || letter is '\u2028' or '\u2029';

    /// <summary>Whether a text has any.</summary>
    public static bool AreIn(string text) => text.Any(Is);

    /// <summary>A text on one line: <c>\\u001B</c> for what a terminal would obey.</summary>
    public static string Visible(string text) =>
        AreIn(text) ? string.Concat(text.Select(letter => Is(letter) ? Code(letter) : letter.ToString())) : text;

    /// <summary>The same for a text of several lines, whose breaks and tabs stay.</summary>
    public static string VisibleLines(string text)
    {
        if (!AreIn(text))
        {
            return text;
        }

        var visible = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool isBreak = text[i] == '\n' || (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n');
            visible.Append(!Is(text[i]) || isBreak || text[i] == '\t' ? text[i].ToString() : Code(text[i]));
        }

        return visible.ToString();
    }

    private static string Code(char letter) => Invariant($"\\u{(int)letter:X4}");
}
