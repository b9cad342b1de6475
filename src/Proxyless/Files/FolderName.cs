namespace Proxyless.Files;

/// <summary>
/// Makes folder names from other texts: never a path, and never the name of the folder itself or of its parent.
/// </summary>
internal static class FolderName
{
    private const string OfNothing = "network";

    /// <summary>
    /// The text with hyphens in place of everything but letters, digits, dots, hyphens and underscores.
    /// </summary>
    public static string Of(string text)
    {
        string name = string.Concat(
            text.Select(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-')
        );
        return name.Trim('.').Length == 0 ? OfNothing : name;
    }
}
