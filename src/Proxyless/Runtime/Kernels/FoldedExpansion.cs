namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A 1x1 convolution that widens a block's input, with its batch norm and activation, for tiles of its output and for
/// their gradients.
/// </summary>
internal sealed unsafe class FoldedExpansion : IDisposable
{
    private readonly FoldedConvolution _forward;
    private readonly AlignedBuffer _backward;

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
        _backward = new AlignedBuffer(weights.Length);
        var transposed = new float[weights.Length];
        for (int c = 0; c < Channels; c++)
        {
            for (int i = 0; i < Inputs; i++)
            {
                float weight = weights[(c * Inputs) + i];
                transposed[(i * Channels) + c] = weight;
                _backward.Data[(c * Inputs) + i] = norm.Scale[c] * weight;
            }
        }

        _forward = new FoldedConvolution(transposed, norm);
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
    public ExpandedSource Source(float* x) => _forward.Source(x);

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _backward.Dispose();
    }
}
