using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Initializes the inverted residuals of a block to nearly the same function: those with fewer hidden channels get the
/// first channels of the widest one, those with larger kernels get the smallest kernel in the middle of zeros. If they
/// were drawn independently, the candidates would pass unrelated features to the next block, and a super-network of
/// many blocks would spend its first epochs only on aligning them. If weights are not shared
/// (<see cref="SharedWeights"/>), each candidate has its own from the first step on.
/// </summary>
internal static class NestedInitialization
{
    /// <summary>Overwrites the initial weights of the candidates of one block.</summary>
    /// <param name="candidates">Inverted residuals of the same input and output.</param>
    public static void Apply(IReadOnlyList<BlockPath> candidates)
    {
        if (candidates.Count < 2)
        {
            return;
        }

        BlockPath widest = candidates.MaxBy(path => path.Block.HiddenWidth)!;
        int kernel = candidates.Min(path => path.Block.Operation.Kernel);
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        Tensor expand = widest.Expand?.Weight.Value.clone() ?? zeros(0);
        Tensor depthwise = Middle(widest.Depthwise!.Weight.Value, kernel).clone();
        Tensor project = widest.Project!.Weight.Value.clone();
        foreach (BlockPath path in candidates)
        {
            int hidden = path.Block.HiddenWidth;
            if (path.Expand is { } own && widest.Expand is not null)
            {
                own.Weight.Value.copy_(expand.narrow(0, 0, hidden));
            }

            path.Depthwise!.Weight.Value.zero_();
            Middle(path.Depthwise.Weight.Value, kernel).copy_(depthwise.narrow(0, 0, hidden));
            path.Project!.Weight.Value.copy_(project.narrow(1, 0, hidden));
        }
    }

    /// <summary>A view of the middle of kernels [O, I, K, K].</summary>
    private static Tensor Middle(Tensor kernels, int side)
    {
        long margin = (kernels.shape[2] - side) / 2;
        return kernels.narrow(2, margin, side).narrow(3, margin, side);
    }
}
