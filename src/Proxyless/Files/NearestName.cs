namespace Proxyless.Files;

/// <summary>Finds the name that was probably meant, for messages about unknown names.</summary>
internal static class NearestName
{
    /// <summary>
    /// Returns the allowed name with the fewest edits to <paramref name="text"/>, or null if none is near.
    /// </summary>
    /// <param name="text">What was given.</param>
    /// <param name="allowed">The allowed names.</param>
    public static string? Of(string text, IEnumerable<string> allowed)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(allowed);

        // A third of the letters, at least two: with more edits the suggestion is noise.
        int limit = Math.Max(2, text.Length / 3);
        return allowed
            .Where(name => Math.Abs(name.Length - text.Length) <= limit)
            .Select(name => (name, distance: Distance(text, name)))
            .Where(candidate => candidate.distance <= limit)
            .OrderBy(candidate => candidate.distance)
            .Select(candidate => candidate.name)
            .FirstOrDefault();
    }

    /// <summary>
    /// A clause for the end of a message: <c> (did you mean 'x'?)</c>, or nothing if no name is near.
    /// </summary>
    /// <param name="text">The given text.</param>
    /// <param name="allowed">The existing names.</param>
    public static string Suggestion(string text, IEnumerable<string> allowed) =>
        Of(text, allowed) is { } name ? $" (did you mean '{name}'?)" : "";

    /// <summary>The Levenshtein distance, ignoring case; a swap of neighbors counts as two edits.</summary>
    private static int Distance(string left, string right)
    {
        int[] previous = [.. Enumerable.Range(0, right.Length + 1)];
        foreach (char letter in left)
        {
            int[] row = new int[right.Length + 1];
            row[0] = previous[0] + 1;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced =
                    previous[j - 1] + (char.ToUpperInvariant(letter) == char.ToUpperInvariant(right[j - 1]) ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(previous[j], row[j - 1]) + 1);
            }

            previous = row;
        }

        return previous[^1];
    }
}
