using System.Diagnostics.CodeAnalysis;

namespace Proxyless.Search;

/// <summary>Two choices are equal if every block takes the same candidate.</summary>
internal sealed class ChoiceComparer : IEqualityComparer<int[]>
{
    private ChoiceComparer() { }

    /// <summary>The only instance.</summary>
    public static ChoiceComparer Instance { get; } = new();

    /// <inheritdoc />
    public bool Equals(int[]? x, int[]? y) => x is null || y is null ? x == y : x.AsSpan().SequenceEqual(y);

    /// <inheritdoc />
    public int GetHashCode([DisallowNull] int[] obj)
    {
        HashCode hash = new();
        foreach (int candidate in obj)
        {
            hash.Add(candidate);
        }

        return hash.ToHashCode();
    }
}
