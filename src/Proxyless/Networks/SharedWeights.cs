using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Lets the inverted residuals of a block share their convolutions, as a superkernel does (Single-Path NAS, arXiv
/// 1904.02877, section 3; weight entanglement in AutoFormer, arXiv 2107.00651): those with fewer hidden channels use
/// the first channels of the widest one. Kernels of one size are shared, those of different sizes are not; nor are
/// weights with and without an expansion, whose hidden channels mean different things. Each candidate keeps its own
/// batch norms, since it has its own statistics.
/// </summary>
/// <remarks>
/// A step on one candidate is then also a step on the weights of most others. In a search that can give a candidate
/// only a few hundred steps, that is the difference between weights that have learned and weights that have not
/// (docs/decisions/shared-weights.md).
/// </remarks>
internal sealed class SharedWeights : IDisposable
{
    private const int Outputs = 0;
    private const int Inputs = 1;
    private readonly List<WholeTensor> _wholes = [];

    /// <summary>Makes the candidates share the weights of the widest ones.</summary>
    /// <param name="candidates">
    /// Inverted residuals of the same input and output, whose initial weights are nested
    /// (<see cref="NestedInitialization"/>).
    /// </param>
    public SharedWeights(IReadOnlyList<BlockPath> candidates)
    {
        foreach (IGrouping<bool, BlockPath> family in candidates.GroupBy(path => path.Expand is not null))
        {
            if (family.Key)
            {
                Share(family.Select(path => path.Expand!.Weight), Outputs);
            }

            foreach (IGrouping<int, BlockPath> alike in family.GroupBy(path => path.Block.Operation.Kernel))
            {
                Share(alike.Select(path => path.Depthwise!.Weight), Outputs);
            }

            Share(family.Select(path => path.Project!.Weight), Inputs);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _wholes.ForEach(whole => whole.Dispose());

    private void Share(IEnumerable<NetworkTensor> weights, int dimension)
    {
        NetworkTensor[] parts = [.. weights];
        if (parts.Length < 2)
        {
            return;
        }

        NetworkTensor widest = parts.MaxBy(weight => weight.Value.shape[dimension])!;
        using var withoutGraph = no_grad();
        var whole = new WholeTensor(widest.Name, widest.Value.detach().DetachFromDisposeScope());
        _wholes.Add(whole);
        foreach (NetworkTensor part in parts)
        {
            part.BecomePartOf(whole, dimension);
        }
    }
}
