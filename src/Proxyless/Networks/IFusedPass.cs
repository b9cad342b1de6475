using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>Which gradients a backward pass will compute.</summary>
/// <param name="OfInput">That of the input.</param>
/// <param name="OfWeights">Those of the weights.</param>
internal readonly record struct WantedGradients(bool OfInput, bool OfWeights)
{
    /// <summary>Whether there will be a backward pass.</summary>
    public bool Any => OfInput || OfWeights;
}

/// <summary>A pass through part of a network with kernels of our own, to be a node of libtorch's graph.</summary>
internal interface IFusedPass : IDisposable
{
    /// <summary>The output; called once, without graph.</summary>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    Tensor Forward(Tensor x);

    /// <summary>The gradients; called once at most, without graph.</summary>
    /// <param name="gradient">That of the output; not disposed of.</param>
    /// <returns>
    /// That of the input, then, where they are wanted, those of the weights; null where one is not wanted.
    /// </returns>
    List<Tensor?> Backward(Tensor gradient);
}
