namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A 1x1 convolution that widens a block's input, with its batch norm and activation: clamp(scale W x + shift). The
/// scale is part of the weights, so that a tile of the result needs nothing but the input.
/// </summary>
internal sealed unsafe class FoldedExpansion : IDisposable
{
    private readonly AlignedBuffer _forward;
    private readonly AlignedBuffer _backward;
    private readonly AlignedBuffer _shift;

    /// <summary>Folds a norm into weights.</summary>
    /// <param name="weights">[channels, inputs].</param>
    /// <param name="norm">The norm and the activation.</param>
    /// <param name="center">
    /// [inputs]: what is subtracted from the input where products with it are added up, its mean or 0.
    /// </param>
    public FoldedExpansion(float[] weights, ChannelNorm norm, float[] center)
    {
        Channels = norm.Channels;
        Inputs = center.Length;
        Center = center;
        (Low, High) = (norm.Low, norm.High);
        _forward = new AlignedBuffer(weights.Length);
        _backward = new AlignedBuffer(weights.Length);
        _shift = new AlignedBuffer(Channels);
        for (int c = 0; c < Channels; c++)
        {
            _shift.Data[c] = norm.Shift[c];
            for (int i = 0; i < Inputs; i++)
            {
                float weight = norm.Scale[c] * weights[(c * Inputs) + i];
                _forward.Data[(i * Channels) + c] = weight;
                _backward.Data[(c * Inputs) + i] = weight;
            }
        }
    }

    /// <summary>Channels of the output.</summary>
    public int Channels { get; }

    /// <summary>Channels of the input.</summary>
    public int Inputs { get; }

    /// <summary>[inputs]: what is subtracted from the input where products with it are added up.</summary>
    public float[] Center { get; }

    /// <summary>The activation's lowest value.</summary>
    public float Low { get; }

    /// <summary>The activation's highest value.</summary>
    public float High { get; }

    /// <summary>[channels, inputs]: scale W.</summary>
    public float* BackwardWeights => _backward.Data;

    /// <summary>The activated output, from the input.</summary>
    /// <param name="x">[pixels, inputs].</param>
    public ExpandedSource Source(float* x) =>
        new()
        {
            X = x,
            Inputs = Inputs,
            Weights = _forward.Data,
            Shift = _shift.Data,
            Low = Low,
            High = High,
            Channels = Channels,
        };

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _backward.Dispose();
        _shift.Dispose();
    }
}
