using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Quantization;

/// <summary>
/// Rounding to the numbers that have an integer ("fake quantization": arXiv 1712.05877, section 3), whose gradient is
/// that of holding them within the ends.
/// </summary>
/// <param name="kernel">Scale and ends.</param>
/// <param name="wanted">Which gradients will be computed.</param>
internal sealed unsafe class RoundedPass(RoundingKernel kernel, WantedGradients wanted) : IFusedPass
{
    private Tensor? _input;

    /// <summary>Rounds a tensor.</summary>
    /// <param name="x">Of any shape, in memory without gaps; not disposed of.</param>
    /// <param name="kernel">Scale and ends.</param>
    /// <returns>Of the same shape and order in memory.</returns>
    public static Tensor Run(Tensor x, RoundingKernel kernel) =>
        FusedFunction.Run(x, [], wanted => new RoundedPass(kernel, wanted));

    /// <inheritdoc/>
    public Tensor Forward(Tensor x)
    {
        Tensor output = empty_like(x);
        kernel.Round((float*)TensorMemory.Address(x), (float*)TensorMemory.Address(output), x.numel());
        if (wanted.Any)
        {
            _input = x.alias().DetachFromDisposeScope();
        }

        return output;
    }

    /// <inheritdoc/>
    public List<Tensor?> Backward(Tensor gradient)
    {
        if (_input is null)
        {
            throw new InvalidOperationException("the backward pass has run already");
        }

        // Libtorch chooses the order in memory of a gradient by itself.
        Tensor result = empty_like(_input);
        bool isAlike = gradient.stride().SequenceEqual(_input.stride());
        if (!isAlike)
        {
            result.copy_(gradient);
        }

        kernel.Gradient(
            (float*)TensorMemory.Address(_input),
            (float*)TensorMemory.Address(isAlike ? gradient : result),
            (float*)TensorMemory.Address(result),
            _input.numel()
        );
        return [result];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _input?.Dispose();
        _input = null;
    }
}
