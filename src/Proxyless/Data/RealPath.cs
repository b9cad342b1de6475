namespace Proxyless.Data;

/// <summary>Paths without links, by which two names of one folder are told.</summary>
internal static class RealPath
{
    /// <summary>The path with all links in it followed, or null where one leads nowhere.</summary>
    public static string? Of(string path)
    {
        string full = Path.GetFullPath(path);
        string real = Path.GetPathRoot(full)!;
        var left = new Stack<string>(Parts(full).Reverse());
        for (int links = 0; left.TryPop(out string? part);)
        {
            string next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            // As many as Linux follows.
            if (++links > 40)
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

        return Path.Exists(real) ? real : null;
    }

    /// <summary>A path and all folders that it is in.</summary>
    public static IEnumerable<string> WithParents(string path)
    {
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at))
        {
            yield return at;
        }
    }

    private static string[] Parts(string path) =>
        path[Path.GetPathRoot(path)!.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
}
