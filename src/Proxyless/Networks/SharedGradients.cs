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

    /// <summary>Runs the last of several backward passes, and adds up the gradients of each memory block.</summary>
    /// <param name="value">What is differentiated.</param>
    /// <param name="tensors">The tensors that took part in any of the passes.</param>
    /// <param name="last">Those that take part in the last pass.</param>
    /// <param name="completed">
    /// Called with a tensor as soon as its gradient is the whole sum; null for nothing. Gradients that no pass of ours
    /// computes are there when all is over.
    /// </param>
    public static void RunLast(
        Tensor value,
        IReadOnlyCollection<NetworkTensor> tensors,
        IEnumerable<NetworkTensor> last,
        Action<Tensor>? completed
    )
    {
        BackwardPass.Run(value, tensors, completed: completed is null ? null : Completed(tensors, last, completed));
        Sum(tensors);
    }

    /// <summary>
    /// Reports the blocks that the last pass has no part of, and returns what reports the others when their gradients
    /// are there.
    /// </summary>
    private static Action<Tensor> Completed(
        IReadOnlyCollection<NetworkTensor> tensors,
        IEnumerable<NetworkTensor> last,
        Action<Tensor> completed
    )
    {
        ILookup<object, NetworkTensor> blocks = tensors.ToLookup(tensor => tensor.Part?.Whole ?? (object)tensor);
        var later = new Dictionary<Tensor, IGrouping<object, NetworkTensor>>(ReferenceEqualityComparer.Instance);
        var inLast = last.ToHashSet();
        foreach (IGrouping<object, NetworkTensor> block in blocks)
        {
            if (block.FirstOrDefault(inLast.Contains) is { } tensor)
            {
                later.Add(tensor.Value, block);
            }
            else if (block.First().IsTrained)
            {
                Complete(block);
            }
        }

        return weight =>
        {
            if (later.TryGetValue(weight, out IGrouping<object, NetworkTensor>? block))
            {
                Complete(block);
            }
        };

        void Complete(IEnumerable<NetworkTensor> block)
        {
            Sum(block);
            completed(block.MaxBy(tensor => tensor.Part?.Length)!.Value);
        }
    }

    private static bool HasGradient(NetworkTensor tensor)
    {
        using Tensor? gradient = tensor.Value.grad;
        return gradient is not null;
    }
}
