using Proxyless.Architectures;

namespace Proxyless.Export;

/// <summary>
/// Weights of an untrained network, for timing: uniform with He's variance 2 / fan-in (arXiv 1502.01852), so that
/// activations neither vanish nor overflow. The same seed gives the same weights, whatever the order in which they are
/// requested.
/// </summary>
internal sealed class RandomWeights(Architecture architecture, int seed = 0) : INetworkWeights
{
    /// <inheritdoc/>
    public FoldedConvolution Stem => Of(architecture.Stem, Stream(0));

    /// <inheritdoc/>
    public FoldedConvolution Head => Of(architecture.Head, Stream(1));

    /// <inheritdoc/>
    public ClassifierWeights Classifier => ClassifierOf(architecture.Head, Stream(2));

    /// <inheritdoc/>
    public FoldedConvolution Block(int block, BlockConvolution convolution) =>
        Of(architecture.Blocks[block], convolution, Stream(3 + (4 * block) + (int)convolution));

    /// <summary>The first convolution alone.</summary>
    internal static FoldedConvolution Of(Stem stem, int seed) =>
        Convolution(stem.InputChannels, stem.Width, 3, stem.Stride, 1, seed);

    /// <summary>The last 1x1 convolution alone.</summary>
    internal static FoldedConvolution Of(Head head, int seed) =>
        Convolution(head.InputWidth, head.Width, 1, 1, 1, seed);

    /// <summary>The last layer alone.</summary>
    internal static ClassifierWeights ClassifierOf(Head head, int seed) =>
        new(Uniform(head.Classes * head.Width, head.Width, seed), new float[head.Classes]);

    /// <summary>One convolution of a block alone.</summary>
    internal static FoldedConvolution Of(Block block, BlockConvolution convolution, int seed)
    {
        int hidden = block.HiddenWidth;
        return convolution switch
        {
            BlockConvolution.Expand => Convolution(block.InputWidth, hidden, 1, 1, 1, seed),
            BlockConvolution.Depthwise => Convolution(
                hidden,
                hidden,
                block.Operation.Kernel,
                block.Stride,
                hidden,
                seed
            ),
            BlockConvolution.Project => Convolution(hidden, block.OutputWidth, 1, 1, 1, seed),
            _ => Convolution(block.InputWidth, block.OutputWidth, 1, block.Stride, 1, seed),
        };
    }

    private static FoldedConvolution Convolution(int inputs, int outputs, int kernel, int stride, int groups, int seed)
    {
        int fanIn = inputs / groups * kernel * kernel;
        return new FoldedConvolution(Uniform(outputs * fanIn, fanIn, seed), new float[outputs], groups, kernel, stride);
    }

    private static float[] Uniform(int count, int fanIn, int seed)
    {
        var random = new Random(seed);
        float bound = MathF.Sqrt(6f / fanIn);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = bound * ((2 * random.NextSingle()) - 1);
        }

        return values;
    }

    // Not System.HashCode, which differs from process to process.
    private int Stream(int index) => unchecked((seed * 1_000_003) + index);
}
