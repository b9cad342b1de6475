using System.Text;
using HarfBuzzSharp;
using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>Names of classes: what is allowed, and when two are equal.</summary>
internal static class ClassName
{
    /// <summary>
    /// The common form of equal names: a letter and its accents as one character if there is one (Unicode's canonical
    /// composition). Linux writes them this way, macOS decomposes them, and both look alike.
    /// </summary>
    /// <remarks>string.Normalize does nothing where globalization is invariant.</remarks>
    public static string Key(string name)
    {
        if (Ascii.IsValid(name))
        {
            return name;
        }

        var decomposed = new List<uint>(2 * name.Length);
        foreach (Rune rune in name.EnumerateRunes())
        {
            Decompose((uint)rune.Value, decomposed);
        }

        SortAccents(decomposed);
        return string.Concat(Compose(decomposed).Select(point => new Rune(point).ToString()));
    }

    /// <summary>Rejects a name that is not a single line of a labels file.</summary>
    /// <param name="place">The folder or the file that has the name.</param>
    /// <param name="name">The name.</param>
    /// <param name="remedy">What to do, for the message.</param>
    /// <exception cref="InvalidInputException">It contains a line break or another control character.</exception>
    public static void RequireOneLine(string place, string name, string remedy = "rename the folder")
    {
        if (ControlCharacters.AreIn(name))
        {
            string shown = ControlCharacters.Visible(name);
            throw new InvalidInputException(
                $"{place}: the class '{shown}' has a line break or another control character in its name, and "
                    + $"labels.txt has a line for each class; {remedy}."
            )
            {
                File = place,
            };
        }
    }

    private static void Decompose(uint point, List<uint> parts)
    {
        if (!UnicodeFunctions.Default.TryDecompose(point, out uint first, out uint second))
        {
            parts.Add(point);
            return;
        }

        Decompose(first, parts);
        if (second != 0)
        {
            parts.Add(second);
        }
    }

    /// <summary>
    /// Composes each letter with the accents that follow it and are not blocked by one of the same class (UAX 15,
    /// canonical composition).
    /// </summary>
    private static List<uint> Compose(List<uint> points)
    {
        var composed = new List<uint>(points.Count);
        int letter = -1;
        int before = 0;
        foreach (uint point in points)
        {
            int own = Class(point);
            bool isNext = letter >= 0 && letter == composed.Count - 1;
            bool reaches = letter >= 0 && (isNext || before < own);
            if (reaches && UnicodeFunctions.Default.TryCompose(composed[letter], point, out uint one))
            {
                composed[letter] = one;
                continue;
            }

            composed.Add(point);
            if (own == 0)
            {
                letter = composed.Count - 1;
            }

            before = own;
        }

        return composed;
    }

    /// <summary>Sorts the accents of one letter by class: Unicode's canonical ordering.</summary>
    private static void SortAccents(List<uint> points)
    {
        for (int start = 0; start < points.Count; )
        {
            int end = start;
            while (end < points.Count && Class(points[end]) != 0)
            {
                end++;
            }

            // OrderBy is stable, as required.
            uint[] sorted = [.. points[start..end].OrderBy(Class)];
            for (int i = 0; i < sorted.Length; i++)
            {
                points[start + i] = sorted[i];
            }

            start = end + 1;
        }
    }

    private static int Class(uint point) => (int)UnicodeFunctions.Default.GetCombiningClass(point);
}
