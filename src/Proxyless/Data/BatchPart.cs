namespace Proxyless.Data;

/// <summary>The part of each batch that one of several processes makes.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Count">The number of parts, at least 1.</param>
internal readonly record struct BatchPart(int Index, int Count)
{
    /// <summary>The whole batch.</summary>
    public static BatchPart Whole { get; } = new(0, 1);

    /// <summary>Returns the most images of a part.</summary>
    /// <param name="images">The images of the whole batch.</param>
    public int Longest(int images) => (images + Count - 1) / Count;

    /// <summary>
    /// Returns the first image of the part, and how many there are; sizes differ by one image at most.
    /// </summary>
    /// <param name="images">The images of the whole batch.</param>
    public (int First, int Length) Of(int images)
    {
        int first = (int)((long)images * Index / Count);
        return (first, (int)((long)images * (Index + 1) / Count) - first);
    }
}
