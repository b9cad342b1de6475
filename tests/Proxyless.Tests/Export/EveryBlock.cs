using Proxyless.Architectures;
using Proxyless.Export;

namespace Proxyless.Tests.Export;

/// <summary>A small network of every kind of block, with weights that hide nothing.</summary>
internal static class EveryBlock
{
    /// <summary>
    /// Expansions of 1 and more, kernels 3 to 7, strides with odd and even sides, shortcuts, identities, zero.
    /// </summary>
    public static Architecture Network(int channels, Activation activation)
    {
        var stem = new Stem(channels, 8, 2, 21);
        var blocks = new List<Block>();
        int width = stem.Width;
        int side = stem.OutputResolution;
        Add("mb3e1", 8, 1);
        Add("mb5e3", 12, 2);
        Add("mb7e6", 12, 1);
        Add("zero", 12, 1);
        Add("identity", 12, 1);
        Add("identity", 20, 1);
        Add("mb3e6", 20, 2);
        Add("identity", 16, 2);
        Add("mb1e2", 16, 1);
        return new Architecture(
            "every kind",
            stem,
            blocks,
            new Head(width, 24, 5, side),
            activation,
            new Dictionary<string, string>()
        );

        void Add(string operation, int output, int stride)
        {
            var block = new Block(CandidateOperation.Parse(operation), width, output, stride, side);
            blocks.Add(block);
            width = output;
            side = block.OutputResolution;
        }
    }

    /// <summary>Its weights.</summary>
    public static INetworkWeights Weights(Architecture architecture) =>
        new BiasedWeights(new RandomWeights(architecture, seed: 7));

    /// <summary>Random weights whose biases are not zero, so that a forgotten bias shows.</summary>
    private sealed class BiasedWeights(INetworkWeights weights) : INetworkWeights
    {
        public FoldedConvolution Stem => Biased(weights.Stem);

        public FoldedConvolution Head => Biased(weights.Head);

        public ClassifierWeights Classifier => weights.Classifier with { Bias = [0.3f, -0.2f, 0.1f, 0, -0.4f] };

        public FoldedConvolution Block(int block, BlockConvolution convolution) =>
            Biased(weights.Block(block, convolution));

        private static FoldedConvolution Biased(FoldedConvolution convolution) =>
            convolution with
            {
                Bias = [.. convolution.Bias.Select((_, i) => 0.5f * MathF.Sin(i + 1))],
            };
    }
}
