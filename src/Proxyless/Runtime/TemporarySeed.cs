using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>
/// Seeds the random number generator that libtorch's operations share, and restores its state: the program may draw
/// from it too. On CUDA the device's generator keeps the seed.
/// </summary>
internal sealed class TemporarySeed : IDisposable
{
    private readonly Tensor _before;

    /// <summary>Seeds the generator.</summary>
    public TemporarySeed(long seed)
    {
        _before = get_rng_state();
        random.manual_seed(seed);
    }

    /// <summary>Seeds the dropout of a step.</summary>
    /// <param name="seed">The user's seed.</param>
    /// <param name="step">The step.</param>
    /// <param name="part">The number of the process among those that share the step: each has its own dropout.</param>
    public static TemporarySeed OfDropout(int seed, long step, int part) =>
        new((long)(SeedSequence.Mix(seed, RandomUse.Dropout, step) >> 1) + part);

    /// <inheritdoc/>
    public void Dispose()
    {
        set_rng_state(_before);
        _before.Dispose();
    }
}
