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

    /// <inheritdoc/>
    public void Dispose()
    {
        set_rng_state(_before);
        _before.Dispose();
    }
}
