namespace Proxyless;

/// <summary>Names in messages, of which a file or a folder may hold very many.</summary>
internal static class NameList
{
    private const int Named = 10;

    /// <summary>Lists the first names, and says how many more there are: <c>a, b, c and 3 more</c>.</summary>
    /// <param name="names">All names.</param>
    /// <param name="most">The most that are listed.</param>
    public static string Of(IReadOnlyCollection<string> names, int most = Named)
    {
        ArgumentNullException.ThrowIfNull(names);
        return string.Join(", ", names.Take(most))
            + (names.Count > most ? Invariant($" and {names.Count - most} more") : "");
    }
}
