using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Backward passes through graphs that contain our own passes (<see cref="FusedFunction"/>). An exception from one of
/// them reaches the caller unchanged, and a failed pass leaves nothing in the weights' gradients.
/// </summary>
internal static class BackwardPass
{
    /// <summary>Adds the gradients of a value to the gradients of everything that it depends on.</summary>
    /// <param name="value">A scalar where <paramref name="gradient"/> is null; not disposed of.</param>
    /// <param name="weights">The tensors that get a gradient and outlive the pass.</param>
    /// <param name="gradient">The gradient of the value, of the same shape; null for 1.</param>
    /// <param name="completed">
    /// Called with each weight of our own passes when this pass has added the gradient to the weight's; null for
    /// nothing. The gradients of other weights are there when all is over.
    /// </param>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">libtorch has failed.</exception>
    public static void Run(
        Tensor value,
        IEnumerable<NetworkTensor> weights,
        Tensor? gradient = null,
        Action<Tensor>? completed = null
    )
    {
        try
        {
            FusedFunction.Completed = completed;
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

            // The exception of our own pass says more than what libtorch made of it.
            FusedFunction.Finish();
            throw;
        }
        finally
        {
            FusedFunction.Completed = null;
        }
    }
}
