using static Proxyless.Runtime.SeedSequence;

namespace Proxyless.Data;

/// <summary>
/// A random stream that costs nothing to start, one for every image of every epoch: what is drawn for an image depends
/// only on (seed, epoch, image). Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
/// </summary>
internal struct SplitMix64
{
    private ulong _state;

    public SplitMix64(int seed) => _state = Mix((uint)seed + Gamma);

    public SplitMix64(int seed, int epoch, int index) =>
        _state = Mix(Mix(Mix((uint)seed + Gamma) + (uint)epoch + Gamma) + (uint)index + Gamma);

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(_state += Gamma);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double Uniform(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>Uniform in 0 .. <paramref name="bound"/> - 1 (the bias of a 64-bit multiply is below 2^-32).</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>Shuffles in place (Fisher and Yates).</summary>
    public void Shuffle(Span<int> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
