namespace Proxyless.Architectures;

/// <summary>
/// MobileNetV2 of any width (Sandler et al., CVPR 2018, arXiv 1801.04381, table 2): the usual reference for hand-made
/// designs.
/// </summary>
internal static class MobileNetV2
{
    /// <summary>Largest side of images that count as small.</summary>
    private const int LargestSmallImage = 64;
    private const int Divisor = 8;

    private static readonly (int Expansion, int Width, int Depth, int Stride)[] Stages =
    [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];

    /// <summary>
    /// Returns the network of a width multiplier. The last 1x1 convolution is not made narrower than 1280, as in the
    /// paper. For images of up to 64 pixels, stem and second stage keep the resolution instead of halving it, as is
    /// usual for CIFAR.
    /// </summary>
    /// <param name="multiplier">Factor of all widths, which are rounded to multiples of 8; over 0.</param>
    /// <param name="resolution">Side of the square image in pixels.</param>
    /// <param name="channels">3 for color, 1 for gray.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    public static Architecture Build(double multiplier, int resolution, int channels, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(multiplier);
        bool small = resolution <= LargestSmallImage;
        var stem = new Stem(channels, WidthOf(32, multiplier), small ? 1 : 2, resolution);
        var blocks = new List<Block>();
        int width = stem.Width;
        int side = stem.OutputResolution;
        for (int stage = 0; stage < Stages.Length; stage++)
        {
            (int expansion, int stageWidth, int depth, int stageStride) = Stages[stage];
            var operation = CandidateOperation.Parse($"mb3e{expansion}");
            for (int i = 0; i < depth; i++)
            {
                int stride = i > 0 || (small && stage == 1) ? 1 : stageStride;
                var block = new Block(operation, width, WidthOf(stageWidth, multiplier), stride, side);
                blocks.Add(block);
                (width, side) = (block.OutputWidth, block.OutputResolution);
            }
        }

        return new Architecture(
            Invariant($"mobilenet-v2-{multiplier:0.##}"),
            stem,
            blocks,
            new Head(width, WidthOf(1280, Math.Max(1, multiplier)), classes, side),
            Activation.Relu6,
            new Dictionary<string, string> { ["paper"] = "arXiv 1801.04381" }
        );
    }

    /// <summary>
    /// The nearest multiple of 8, at least 8 and at least nine tenths of the requested width: the rule of the paper's
    /// code.
    /// </summary>
    private static int WidthOf(int width, double multiplier)
    {
        double wanted = width * multiplier;
        int rounded = Math.Max(Divisor, (int)(wanted + (Divisor / 2.0)) / Divisor * Divisor);
        return rounded < 0.9 * wanted ? rounded + Divisor : rounded;
    }
}
