namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Two sums of each channel for the pixels of one thread: in single precision over a few pixels, in double over all.
/// </summary>
internal sealed unsafe class PixelSums : IDisposable
{
    private readonly AlignedBuffer _memory;
    private readonly int _channels;

    /// <summary>Starts at 0.</summary>
    public PixelSums(int channels)
    {
        _channels = channels;
        _memory = new AlignedBuffer(2L * channels);
        Totals = (new double[channels], new double[channels]);
        new Span<float>(First, 2 * channels).Clear();
    }

    /// <summary>[channels]: the sums over the pixels since the last <see cref="Flush"/>.</summary>
    public float* First => _memory.Data;

    /// <summary>[channels].</summary>
    public float* Second => _memory.Data + _channels;

    /// <summary>The sums over all pixels before the last <see cref="Flush"/>.</summary>
    public (double[] First, double[] Second) Totals { get; }

    /// <summary>Adds the sums over a few pixels to those over all.</summary>
    public void Flush()
    {
        for (int c = 0; c < _channels; c++)
        {
            Totals.First[c] += First[c];
            Totals.Second[c] += Second[c];
        }

        new Span<float>(First, 2 * _channels).Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
