using System.Text;
using HarfBuzzSharp;

namespace Proxyless.Data;

/// <summary>Names of classes: what is allowed as one, and when two are the same.</summary>
internal static class ClassName
{
    /// <summary>
    /// What equal names have in common: letters taken apart into base and accents (Unicode's canonical decomposition). Linux writes
    /// accented letters as one character, a Mac as several, and both look alike.
    /// </summary>
    /// <remarks>string.Normalize does nothing where globalization is invariant, as it is in the command line tool.</remarks>
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
        return string.Concat(decomposed.Select(point => new Rune(point).ToString()));
    }

    /// <summary>Refuses what is no single line of a labels file.</summary>
    /// <exception cref="InvalidInputException">There is a line break or another control character in it.</exception>
    public static void RequireOneLine(string folder, string name)
    {
        if (name.Any(IsBreakOrControl))
        {
            string shown = string.Concat(name.Select(letter => IsBreakOrControl(letter) ? $"\\u{(int)letter:X4}" : letter.ToString()));
            throw new InvalidInputException(
                $"{folder}: the class '{shown}' has a line break or another control character in its name, and labels.txt has a line for each class; rename the folder.");
        }
    }

    private static bool IsBreakOrControl(char letter) => char.IsControl(letter) || letter is '\u2028' or '\u2029';

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

    /// <summary>Accents of one letter in the order of their classes, as Unicode's canonical ordering has them.</summary>
    private static void SortAccents(List<uint> points)
    {
        for (int start = 0; start < points.Count;)
        {
            int end = start;
            while (end < points.Count && Class(points[end]) != 0)
            {
                end++;
            }

            // OrderBy keeps equals in their order, as it must be.
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
