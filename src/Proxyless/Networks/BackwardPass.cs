using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Backward passes through graphs with passes of our own (<see cref="FusedFunction"/>). Whatever one of them throws
/// reaches the caller as it is, and nothing of a pass that failed is left in the weights' gradients.
/// </summary>
internal static class BackwardPass
{
    /// <summary>Adds the gradients of a value to those of all that it depends on.</summary>
    /// <param name="value">A scalar where <paramref name="gradient"/> is null; not disposed of.</param>
    /// <param name="weights">What gets a gradient and outlives the pass.</param>
    /// <param name="gradient">That of the value, of its shape; null for 1.</param>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">libtorch has failed.</exception>
    public static void Run(Tensor value, IEnumerable<NetworkTensor> weights, Tensor? gradient = null)
    {
        try
        {
            if (gradient is null)
            {
                value.backward();
            }
            else
            {
                value.backward([gradient]);
            }

            FusedFunction.Finish();
        }
        catch
        {
            foreach (NetworkTensor weight in weights)
            {
                using Tensor? half = weight.Value.grad;
                weight.Value.grad = null;
            }

            // What a pass of ours has thrown says more than what libtorch made of it.
            FusedFunction.Finish();
            throw;
        }
    }
}
