using System.Globalization;

namespace Proxyless.Files;

/// <summary>Names of files or folders that differ by a number: <c>attempt-1</c>, <c>attempt-2</c>.</summary>
internal static class NumberedNames
{
    /// <summary>Returns the numbers of the names that have the form; others are left out.</summary>
    /// <param name="paths">Paths whose names begin with the prefix and end with the suffix.</param>
    /// <param name="prefix">What stands before the number.</param>
    /// <param name="suffix">What stands behind it.</param>
    public static int[] In(IEnumerable<string> paths, string prefix, string suffix)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return
        [
            .. paths
                .Select(path => Path.GetFileName(path)[prefix.Length..^suffix.Length])
                .Where(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(text => int.Parse(text, CultureInfo.InvariantCulture)),
        ];
    }
}
