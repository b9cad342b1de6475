namespace Proxyless;

/// <summary>What a path leads to, so that two spellings of one place are known as one.</summary>
internal static class RealPath
{
    // A chain of more links than this is a circle, as the system sees it.
    private const int MostLinks = 40;

    private static StringComparison Comparison => OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The whole path without links, <c>.</c>, <c>..</c> or a separator at its end. What does not exist is kept as it is written.</summary>
    public static string Of(string path) => Of(Path.GetFullPath(path), MostLinks);

    /// <summary>Whether two paths lead to the same place.</summary>
    public static bool Same(string left, string right) => string.Equals(Of(left), Of(right), Comparison);

    private static string Of(string fullPath, int linksLeft)
    {
        string root = Path.GetPathRoot(fullPath)!;
        string reached = root;
        foreach (string part in fullPath[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
        {
            reached = Path.Combine(reached, part);
            if (LinkAt(reached) is { } target && linksLeft > 0)
            {
                reached = Of(Path.GetFullPath(target, Path.GetDirectoryName(reached)!), linksLeft - 1);
            }
        }

        return reached;
    }

    private static string? LinkAt(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
