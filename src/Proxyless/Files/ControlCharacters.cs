namespace Proxyless.Files;

/// <summary>Characters that a terminal would obey, and breaks of lines.</summary>
internal static class ControlCharacters
{
    /// <summary>Whether a letter is one.</summary>
    public static bool Is(char letter) => char.IsControl(letter) || letter is '\u2028' or '\u2029';

    /// <summary>Whether a text has any.</summary>
    public static bool AreIn(string text) => text.Any(Is);
}
