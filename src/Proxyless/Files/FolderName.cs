using System.Text;

namespace Proxyless.Files;

/// <summary>
/// Makes folder names from other texts: never a path, and never the name of the folder itself or of its parent.
/// </summary>
internal static class FolderName
{
    /// <summary>The longest name of a folder that usual file systems take, in bytes of UTF-8.</summary>
    public const int LongestBytes = 255;

    // A number can be added then, and some file systems take less.
    private const int UsualBytes = 100;
    private const string OfNothing = "network";

    /// <summary>
    /// The text with hyphens in place of everything but letters, digits, dots, hyphens and underscores, and without the
    /// end of one that is too long.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="mostBytes">The longest name, in bytes of UTF-8.</param>
    public static string Of(string text, int mostBytes = UsualBytes)
    {
        string name = Cut(Hyphenated(text), mostBytes);
        return IsOfDots(name) ? OfNothing : name;
    }

    /// <summary>Whether a text is the name of a folder, however long.</summary>
    public static bool Is(string text) => !IsOfDots(text) && Hyphenated(text) == text;

    private static bool IsOfDots(string name) => name.Trim('.').Length == 0;

    private static string Hyphenated(string text) =>
        string.Concat(
            text.Select(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-')
        );

    private static string Cut(string name, int mostBytes)
    {
        int length = Math.Min(name.Length, mostBytes);
        while (Encoding.UTF8.GetByteCount(name.AsSpan(0, length)) > mostBytes)
        {
            length--;
        }

        return name[..length];
    }
}
