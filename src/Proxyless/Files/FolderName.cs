namespace Proxyless.Files;

/// <summary>
/// Makes names of folders of texts that were not meant as such: never a path, never a folder's own or its parent's
/// name.
/// </summary>
internal static class FolderName
{
    private const string OfNothing = "network";

    /// <summary>The text with hyphens for all but letters, digits, dots, hyphens and underlines.</summary>
    public static string Of(string text)
    {
        string name = string.Concat(
            text.Select(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-')
        );
        return name.Trim('.').Length == 0 ? OfNothing : name;
    }
}
