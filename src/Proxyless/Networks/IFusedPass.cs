using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>Which gradients a backward pass will compute.</summary>
/// <param name="OfInput">The gradient of the input.</param>
/// <param name="OfWeights">The gradients of the weights.</param>
internal readonly record struct WantedGradients(bool OfInput, bool OfWeights)
{
    /// <summary>Whether there will be a backward pass.</summary>
    public bool Any => OfInput || OfWeights;
}

/// <summary>A pass through part of a network with our own kernels, as a node of libtorch's graph.</summary>
internal interface IFusedPass : IDisposable
{
    /// <summary>Computes the output; called once, without a graph.</summary>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    Tensor Forward(Tensor x);

    /// <summary>Computes the gradients; called at most once, without a graph.</summary>
    /// <param name="gradient">The gradient of the output; not disposed of.</param>
    /// <returns>
    /// The gradient of the input, then, if wanted, those of the weights; null for one that is not wanted. Each has the
    /// shape of its tensor and memory of its own, which becomes the tensor's gradient.
    /// </returns>
    List<Tensor?> Backward(Tensor gradient);
}
