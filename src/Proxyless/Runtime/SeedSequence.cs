namespace Proxyless.Runtime;

/// <summary>
/// Seeds that depend only on a place (seed, use, step) and not on what ran before, so that work resumed or spread over
/// threads draws the same numbers. Mixed as in SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
/// </summary>
internal static class SeedSequence
{
    /// <summary>Creates a generator for one place.</summary>
    /// <param name="seed">The user's seed.</param>
    /// <param name="use">The use of the numbers.</param>
    /// <param name="step">When they are drawn.</param>
    public static Random At(int seed, RandomUse use, long step) => new(unchecked((int)Mix(seed, use, step)));

    /// <summary>Returns a 64-bit seed for one place.</summary>
    public static ulong Mix(int seed, RandomUse use, long step) =>
        Finish(Finish(Finish((uint)seed) + (ulong)use) + unchecked((ulong)step));

    /// <summary>The increment of SplitMix64's state for each number.</summary>
    internal const ulong Gamma = 0x9e3779b97f4a7c15;

    /// <summary>The output function of SplitMix64: every bit depends on all.</summary>
    internal static ulong Mix(ulong state)
    {
        state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
        state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
        return state ^ (state >> 31);
    }

    private static ulong Finish(ulong x) => Mix(x + Gamma);
}
