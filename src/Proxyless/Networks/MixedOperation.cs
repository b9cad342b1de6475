using Proxyless.Architectures;

namespace Proxyless.Networks;

/// <summary>
/// A searched block: all its candidate paths, of which one runs at a time. Each has its own batch norms and, unless
/// weights are shared, its own weights.
/// </summary>
internal sealed class MixedOperation : IDisposable
{
    private readonly BlockPath?[] _candidates;
    private readonly SharedWeights? _shared;

    internal MixedOperation(
        TensorFactory factory,
        SearchBlock block,
        Activation activation,
        ConvolutionPadding padding = ConvolutionPadding.Centered
    )
    {
        _candidates =
        [
            .. block.Candidates.Select(candidate => new BlockPath(
                factory,
                $"blocks.{block.Index}.{candidate.Operation}",
                candidate,
                activation,
                padding
            )),
        ];
        BlockPath[] residuals = [.. _candidates.OfType<BlockPath>().Where(path => path.Depthwise is not null)];
        NestedInitialization.Apply(residuals);
        _shared = factory.SharesWeights ? new SharedWeights(residuals) : null;
    }

    /// <summary>The candidates; null where one was pruned.</summary>
    public IReadOnlyList<BlockPath?> Candidates => _candidates;

    /// <summary>The tensors of the remaining candidates.</summary>
    public IEnumerable<NetworkTensor> Tensors => _candidates.OfType<BlockPath>().SelectMany(path => path.Tensors);

    /// <summary>A remaining candidate.</summary>
    /// <exception cref="InvalidOperationException">It was pruned.</exception>
    public BlockPath this[int candidate] =>
        _candidates[candidate] ?? throw new InvalidOperationException($"candidate {candidate} was pruned");

    /// <summary>
    /// Removes a candidate permanently, with the weights that it shares with no other; shared weights live as long as
    /// the block.
    /// </summary>
    public void Prune(int candidate)
    {
        _candidates[candidate]?.Dispose();
        _candidates[candidate] = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BlockPath? path in _candidates)
        {
            path?.Dispose();
        }

        _shared?.Dispose();
    }
}
