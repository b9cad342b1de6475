namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A depthwise convolution with its batch norm and activation: clamp(scale w * x + shift). The norm is folded into the
/// weights.
/// </summary>
internal sealed unsafe class FoldedDepthwise : IDisposable
{
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _shift;
    private readonly float _low;
    private readonly float _high;

    /// <summary>Folds a norm into weights.</summary>
    /// <param name="weights">[channels, kernel, kernel].</param>
    /// <param name="norm">The norm and the activation.</param>
    public FoldedDepthwise(ReadOnlySpan<float> weights, ChannelNorm norm)
    {
        int taps = weights.Length / norm.Channels;
        (_low, _high) = (norm.Low, norm.High);
        _weights = new AlignedBuffer(weights.Length);
        _shift = new AlignedBuffer(norm.Channels);
        norm.Shift.CopyTo(new Span<float>(_shift.Data, norm.Channels));
        for (int i = 0; i < weights.Length; i++)
        {
            _weights.Data[i] = norm.Scale[i / taps] * weights[i];
        }
    }

    /// <summary>Computes the activated output.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="input">[images, height, width, channels].</param>
    /// <param name="output">[images, output height, output width, channels].</param>
    public void Run(DepthwiseShape shape, float* input, float* output) =>
        Run(shape, new ActivatedSource { Y = input, Channels = shape.Channels }, output);

    /// <summary>The same for an input that is computed tile by tile as it is needed.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="source">The input.</param>
    /// <param name="output">[images, output height, output width, channels].</param>
    public void Run<TSource>(DepthwiseShape shape, TSource source, float* output)
        where TSource : struct, IBatchSource<TSource> =>
        DepthwiseForward.RunFolded(shape, source, _weights.Data, new ActivatedSum(_shift.Data, _low, _high), output);

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        _shift.Dispose();
    }
}
