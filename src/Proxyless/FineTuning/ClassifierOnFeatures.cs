using Proxyless.Architectures;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>Networks that end in a linear classifier on the features of another network.</summary>
internal static class ClassifierOnFeatures
{
    // The activation does not change what is below 6; numbers may be up to twice the largest one seen.
    private const float LargestInHead = 3;

    /// <summary>
    /// Creates the network of the first blocks, or of all blocks and the last convolution, with the classifier of the
    /// features there. It computes the classifier's scores exactly, up to rounding.
    /// </summary>
    /// <param name="features">The network of the features, and how large they become.</param>
    /// <param name="depth">Where the features are: one of <see cref="NetworkFeatures.Depths"/>.</param>
    /// <param name="classifier">The classifier of the features there.</param>
    public static CompactNetwork Create(NetworkFeatures features, int depth, LinearClassifier classifier)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(classifier);
        CompactNetwork whole = features.Network;
        bool isWhole = depth > whole.Blocks.Count;
        Architecture architecture = isWhole ? whole.Architecture : whole.Architecture.FirstBlocks(depth);
        var network = new CompactNetwork(
            architecture with
            {
                Head = architecture.Head with { Classes = classifier.Classes },
            },
            whole.Options
        )
        {
            KernelTransforms = whole.KernelTransforms,
        };
        NetworkTensor.CopyAll(whole.Stem.Tensors, network.Stem.Tensors);
        foreach ((BlockPath to, BlockPath from) in network.Blocks.Zip(whole.Blocks))
        {
            NetworkTensor.CopyAll(from.Tensors, to.Tensors);
        }

        float[] weights = classifier.Weights;
        if (isWhole)
        {
            NetworkTensor.CopyAll(whole.Head.Convolution.Tensors, network.Head.Convolution.Tensors);
        }
        else
        {
            float factor = LargestInHead / Math.Max(features.LargestAt(depth), 1e-6f);
            PassChannels(network.Head.Convolution, classifier.Width, factor);
            weights = WithNegatives(classifier, 1 / factor);
        }

        Set(network.Head.Weight, weights);
        Set(network.Head.Bias, classifier.Biases);
        return network;
    }

    /// <summary>Makes a 1x1 convolution return its input times a factor, and the negative of that.</summary>
    private static void PassChannels(ConvolutionLayer layer, int width, float factor)
    {
        var matrix = new float[2 * width * width];
        for (int i = 0; i < width; i++)
        {
            matrix[(i * width) + i] = 1;
            matrix[((width + i) * width) + i] = -1;
        }

        float scale = factor * MathF.Sqrt(1 + (float)BatchNorm.Epsilon);
        Set(layer.Weight, matrix);
        Set(layer.Scale, Enumerable.Repeat(scale, 2 * width).ToArray());
        Set(layer.Shift, new float[2 * width]);
        Set(layer.Mean, new float[2 * width]);
        Set(layer.Variance, Enumerable.Repeat(1f, 2 * width).ToArray());
    }

    private static float[] WithNegatives(LinearClassifier classifier, float factor)
    {
        int width = classifier.Width;
        var weights = new float[classifier.Classes * 2 * width];
        for (int c = 0; c < classifier.Classes; c++)
        {
            for (int i = 0; i < width; i++)
            {
                float weight = factor * classifier.Weights[(c * width) + i];
                weights[(c * 2 * width) + i] = weight;
                weights[(c * 2 * width) + width + i] = -weight;
            }
        }

        return weights;
    }

    private static void Set(NetworkTensor target, float[] values)
    {
        using Tensor source = tensor(values, target.Value.shape);
        target.CopyFrom(source);
    }
}
