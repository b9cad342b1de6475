using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Gradients if several paths have run before one step: those of parts of one memory block
/// (<see cref="SharedWeights"/>) are added, since the gradient of a sum is the sum of the gradients.
/// </summary>
internal static class SharedGradients
{
    /// <summary>
    /// Adds the gradients of each memory block's parts to that of its longest part, and removes the others.
    /// </summary>
    /// <param name="tensors">The tensors that took part.</param>
    public static void Sum(IEnumerable<NetworkTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        using var withoutGraph = no_grad();
        foreach (
            IGrouping<WholeTensor, NetworkTensor> whole in tensors
                .Where(tensor => tensor.Part is not null && HasGradient(tensor))
                .GroupBy(tensor => tensor.Part!.Whole)
        )
        {
            NetworkTensor[] parts = [.. whole.OrderByDescending(tensor => tensor.Part!.Length)];
            using Tensor sum = parts[0].Value.grad!;
            foreach (NetworkTensor part in parts[1..])
            {
                using Tensor gradient = part.Value.grad!;
                using Tensor there = sum.narrow(part.Part!.Dimension, 0, part.Part.Length);
                InPlace.Add(there, gradient);
                part.Value.grad = null;
            }
        }
    }

    private static bool HasGradient(NetworkTensor tensor)
    {
        using Tensor? gradient = tensor.Value.grad;
        return gradient is not null;
    }
}
