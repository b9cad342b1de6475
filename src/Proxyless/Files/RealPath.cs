namespace Proxyless.Files;

/// <summary>The place that a path leads to, so that two spellings of one place are recognized as one.</summary>
internal static class RealPath
{
    // As many as Linux follows: a longer chain is a cycle.
    private const int MostLinks = 40;

    private static StringComparison Comparison =>
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
            ? StringComparison.OrdinalIgnoreCase
            : StringComparison.Ordinal;

    /// <summary>
    /// Returns the full path without links, <c>.</c>, <c>..</c> or a separator at its end. Parts that do not exist are
    /// kept as written.
    /// </summary>
    public static string Of(string path) => Follow(path) ?? Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    /// <summary>Returns the same, or null if nothing exists there.</summary>
    public static string? OfExisting(string path) => Follow(path) is { } real && Path.Exists(real) ? real : null;

    /// <summary>Whether two paths lead to the same place.</summary>
    public static bool Same(string left, string right) => string.Equals(Of(left), Of(right), Comparison);

    /// <summary>Returns a path and all folders that it is in.</summary>
    public static IEnumerable<string> WithParents(string path)
    {
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at))
        {
            yield return at;
        }
    }

    /// <summary>Returns the path with all links followed; null if they form a cycle.</summary>
    private static string? Follow(string path)
    {
        string full = Path.GetFullPath(path);
        string real = Path.GetPathRoot(full)!;
        var left = new Stack<string>(Parts(full).Reverse());
        for (int links = 0; left.TryPop(out string? part); )
        {
            string next = Path.Combine(real, part);
            if (LinkAt(next) is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
            {
                return null;
            }

            string goal = Path.GetFullPath(target, real);
            real = Path.GetPathRoot(goal)!;
            foreach (string later in Parts(goal).Reverse())
            {
                left.Push(later);
            }
        }

        return real;
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

    private static string[] Parts(string path) =>
        path[Path.GetPathRoot(path)!.Length..]
            .Split(
                [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar],
                StringSplitOptions.RemoveEmptyEntries
            );
}
