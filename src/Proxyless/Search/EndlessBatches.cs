using Proxyless.Data;

namespace Proxyless.Search;

/// <summary>The batches of a loader, epoch after epoch.</summary>
internal sealed class EndlessBatches : IDisposable
{
    private readonly BatchLoader _loader;
    private int _epoch;
    private IEnumerator<Batch> _batches;

    /// <summary>Starts at a batch.</summary>
    /// <param name="loader">The source of the batches.</param>
    /// <param name="first">Batches to skip, counted across epochs.</param>
    public EndlessBatches(BatchLoader loader, long first)
    {
        _loader = loader;
        _epoch = (int)(first / loader.BatchesPerEpoch);
        _batches = loader.Epoch(_epoch, (int)(first % loader.BatchesPerEpoch)).GetEnumerator();
    }

    /// <summary>Returns the next batch; the caller disposes of it.</summary>
    public Batch Next()
    {
        if (!_batches.MoveNext())
        {
            _batches.Dispose();
            _batches = _loader.Epoch(++_epoch).GetEnumerator();
            if (!_batches.MoveNext())
            {
                throw new InvalidOperationException("the loader has no batches");
            }
        }

        return _batches.Current;
    }

    /// <inheritdoc/>
    public void Dispose() => _batches.Dispose();
}
