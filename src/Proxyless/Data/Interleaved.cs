using System.Numerics;

namespace Proxyless.Data;

/// <summary>
/// One number per color, laid out as vectors over red, green, blue, red... in memory: three vectors hold as many pixels
/// as one has lanes, and then the pattern repeats.
/// </summary>
internal readonly struct Interleaved
{
    /// <summary>Lays out three numbers.</summary>
    public Interleaved(float red, float green, float blue)
    {
        ReadOnlySpan<float> colors = [red, green, blue];
        Span<float> lanes = stackalloc float[3 * Vector<float>.Count];
        for (int i = 0; i < lanes.Length; i++)
        {
            lanes[i] = colors[i % 3];
        }

        First = new Vector<float>(lanes);
        Second = new Vector<float>(lanes[Vector<float>.Count..]);
        Third = new Vector<float>(lanes[(2 * Vector<float>.Count)..]);
    }

    /// <summary>Length of the three vectors.</summary>
    public static int Length => 3 * Vector<float>.Count;

    /// <summary>For the first third of <see cref="Length"/> numbers.</summary>
    public Vector<float> First { get; }

    /// <summary>For the second third.</summary>
    public Vector<float> Second { get; }

    /// <summary>For the last third.</summary>
    public Vector<float> Third { get; }
}
