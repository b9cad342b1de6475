using Proxyless.Architectures;
using Proxyless.Export;

namespace Proxyless.Tests.Export;

/// <summary>
/// A network computed with plain loops in double precision, one image at a time: what the exported model must agree
/// with.
/// </summary>
internal sealed class ReferenceNetwork(Architecture architecture, INetworkWeights weights, ExportOptions options)
{
    /// <summary>Logits of one image, [channels, side, side].</summary>
    public double[] Run(ReadOnlySpan<float> image)
    {
        int side = architecture.Resolution;
        int pixels = side * side;
        double[] value = new double[image.Length];
        for (int i = 0; i < value.Length; i++)
        {
            value[i] = (image[i] - options.Mean[i / pixels]) / (double)options.Deviation[i / pixels];
        }

        value = Activate(Convolve(value, architecture.InputChannels, side, weights.Stem));
        for (int i = 0; i < architecture.Blocks.Count; i++)
        {
            value = Block(i, value);
        }

        Head head = architecture.Head;
        value = Activate(Convolve(value, head.InputWidth, head.InputResolution, weights.Head));
        double[] pooled =
        [
            .. value.Chunk(head.InputResolution * head.InputResolution).Select(channel => channel.Average()),
        ];
        ClassifierWeights classifier = weights.Classifier;
        return
        [
            .. classifier.Bias.Select(
                (bias, c) => bias + pooled.Select((f, i) => f * classifier.Weight[(c * head.Width) + i]).Sum()
            ),
        ];
    }

    private double[] Block(int index, double[] input)
    {
        Block block = architecture.Blocks[index];
        switch (block.Operation.Kind)
        {
            case OperationKind.Zero:
                return input;
            case OperationKind.Identity:
                return block.KeepsShape
                    ? input
                    : Convolve(
                        input,
                        block.InputWidth,
                        block.InputResolution,
                        weights.Block(index, BlockConvolution.Identity)
                    );
        }

        double[] hidden =
            block.Operation.Expansion == 1
                ? input
                : Activate(
                    Convolve(
                        input,
                        block.InputWidth,
                        block.InputResolution,
                        weights.Block(index, BlockConvolution.Expand)
                    )
                );
        hidden = Activate(
            Convolve(hidden, block.HiddenWidth, block.InputResolution, weights.Block(index, BlockConvolution.Depthwise))
        );
        double[] output = Convolve(
            hidden,
            block.HiddenWidth,
            block.OutputResolution,
            weights.Block(index, BlockConvolution.Project)
        );
        return block.HasShortcut ? [.. output.Zip(input, (a, b) => a + b)] : output;
    }

    private double[] Activate(double[] values) =>
        [.. values.Select(x => architecture.Activation == Activation.Relu6 ? Math.Clamp(x, 0, 6) : Math.Max(x, 0))];

    private static double[] Convolve(double[] input, int channels, int side, FoldedConvolution convolution)
    {
        int kernel = convolution.Kernel;
        int pad = kernel / 2;
        int outSide = (side + convolution.Stride - 1) / convolution.Stride;
        int inPerGroup = channels / convolution.Groups;
        int outPerGroup = convolution.Outputs / convolution.Groups;
        double[] output = new double[convolution.Outputs * outSide * outSide];
        for (int o = 0; o < convolution.Outputs; o++)
        {
            for (int y = 0; y < outSide; y++)
            {
                for (int x = 0; x < outSide; x++)
                {
                    double sum = convolution.Bias[o];
                    for (int i = 0; i < inPerGroup; i++)
                    {
                        int channel = (o / outPerGroup * inPerGroup) + i;
                        for (int ky = 0; ky < kernel; ky++)
                        {
                            for (int kx = 0; kx < kernel; kx++)
                            {
                                int row = (y * convolution.Stride) + ky - pad;
                                int column = (x * convolution.Stride) + kx - pad;
                                if (row >= 0 && row < side && column >= 0 && column < side)
                                {
                                    sum +=
                                        input[(((channel * side) + row) * side) + column]
                                        * convolution.Weight[(((((o * inPerGroup) + i) * kernel) + ky) * kernel) + kx];
                                }
                            }
                        }
                    }

                    output[(((o * outSide) + y) * outSide) + x] = sum;
                }
            }
        }

        return output;
    }
}
