namespace Proxyless.Files;

/// <summary>
/// Names of files and folders that are not UTF-8, such as those from old archives: the system lists them, but what is
/// shown of them names nothing.
/// </summary>
internal static class EncodedName
{
    /// <summary>What is wrong with one, and the remedy.</summary>
    public const string Complaint = "its name is not UTF-8; rename it";

    // Stands for bytes that are not UTF-8.
    private const char Replacement = '\uFFFD';

    /// <summary>Whether a path, or a message about one, shows such a name.</summary>
    public static bool IsIn(string text) => text.Contains(Replacement, StringComparison.Ordinal);

    /// <summary>A message of the system; with the complaint, if it is about such a name.</summary>
    public static string Explain(string message) => IsIn(message) ? $"{message.TrimEnd('.')}: {Complaint}" : message;
}
