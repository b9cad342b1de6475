using Proxyless.Architectures;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>1x1 convolution, global average pooling, dropout, linear classifier.</summary>
internal sealed class ClassifierHead : IDisposable
{
    private static readonly long[] Spatial = [2, 3];

    internal ClassifierHead(TensorFactory factory, string name, Head head, Activation activation)
    {
        Convolution = new ConvolutionLayer(
            factory,
            $"{name}.convolution",
            head.InputWidth,
            head.Width,
            1,
            1,
            1,
            activation
        );
        Weight = factory.Matrix($"{name}.classifier.weight", head.Classes, head.Width);
        Bias = factory.Vector($"{name}.classifier.bias", head.Classes, 0);
    }

    /// <summary>The last convolution.</summary>
    public ConvolutionLayer Convolution { get; }

    /// <summary>[classes, width].</summary>
    public NetworkTensor Weight { get; }

    /// <summary>[classes].</summary>
    public NetworkTensor Bias { get; }

    /// <summary>Every tensor of the head.</summary>
    public IEnumerable<NetworkTensor> Tensors => [.. Convolution.Tensors, Weight, Bias];

    /// <summary>The scores of the classes.</summary>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    /// <param name="pass">What the batch norm does.</param>
    /// <param name="dropout">Share of the pooled features that are dropped; 0 outside of training.</param>
    /// <returns>Logits [N, classes].</returns>
    public Tensor Forward(Tensor x, NormPass pass, double dropout)
    {
        using Tensor features = Convolution.Forward(x, pass);
        return Classify(features, dropout);
    }

    /// <summary>The scores of the classes, from the output of the convolution.</summary>
    /// <param name="features">[N, width, H, W]; not disposed of.</param>
    /// <param name="dropout">Share of the pooled features that are dropped; 0 outside of training.</param>
    /// <returns>Logits [N, classes].</returns>
    public Tensor Classify(Tensor features, double dropout)
    {
        using Tensor pooled = features.mean(Spatial);
        if (dropout <= 0)
        {
            return nn.functional.linear(pooled, Weight.Value, Bias.Value);
        }

        using Tensor dropped = nn.functional.dropout(pooled, dropout, training: true);
        return nn.functional.linear(dropped, Weight.Value, Bias.Value);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Convolution.Dispose();
        Weight.Dispose();
        Bias.Dispose();
    }
}
