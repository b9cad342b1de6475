using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// Limits the length of a step: gradients whose norm over all tensors is above a limit are scaled down to it (Pascanu,
/// Mikolov, Bengio, arXiv 1211.5063, section 3.2).
/// </summary>
internal static class GradientClipping
{
    /// <summary>Scales the gradients.</summary>
    /// <param name="tensors">The tensors of the step.</param>
    /// <param name="mostNorm">The limit.</param>
    public static void Clip(IEnumerable<NetworkTensor> tensors, double mostNorm)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        Tensor[] gradients = [.. tensors.Select(tensor => tensor.Value.grad).OfType<Tensor>()];
        if (gradients.Length == 0)
        {
            return;
        }

        Tensor[] norms = [.. gradients.Select(gradient => gradient.norm())];
        Tensor all = stack(norms);
        Tensor norm = all.norm();
        double length = WithScalar.ToDouble(norm);

        // If it is not finite, neither is the loss, which the caller checks.
        if (length > mostNorm)
        {
            foreach (Tensor gradient in gradients)
            {
                InPlace.Multiply(gradient, mostNorm / length);
            }
        }
    }
}
