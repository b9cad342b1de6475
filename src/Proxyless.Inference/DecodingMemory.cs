namespace Proxyless.Inference;

/// <summary>
/// Limits the memory that all threads together decode into: a thread that would exceed the limit waits, in the order of
/// the requests, until others are done. An image that needs more than the limit by itself is decoded alone. A thread
/// that holds a part never requests another.
/// </summary>
internal sealed class DecodingMemory(long bytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = [];
    private long _used;

    /// <summary>The limit of this process: 1 GiB, an image of 200 million pixels and some small ones.</summary>
    public static DecodingMemory Shared { get; } = new(1L << 30);

    /// <summary>Reserves a part of it, which is released on disposal.</summary>
    public IDisposable Take(long share)
    {
        Waiting? ahead = null;
        lock (_lock)
        {
            if (_waiting.Count > 0 || !Fits(share))
            {
                ahead = new Waiting(share);
                _waiting.Enqueue(ahead);
            }
            else
            {
                _used += share;
            }
        }

        ahead?.Wait();
        return new Lease(this, share);
    }

    private bool Fits(long share) => _used == 0 || share <= bytes - _used;

    private void GiveBack(long share)
    {
        lock (_lock)
        {
            _used -= share;
            while (_waiting.TryPeek(out Waiting? next) && Fits(next.Share))
            {
                _waiting.Dequeue();
                _used += next.Share;
                next.GoOn();
            }
        }
    }

    private sealed class Waiting(long share)
    {
        private readonly TaskCompletionSource _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Share => share;

        public void Wait() => _turn.Task.GetAwaiter().GetResult();

        public void GoOn() => _turn.SetResult();
    }

    private sealed class Lease(DecodingMemory memory, long share) : IDisposable
    {
        private DecodingMemory? _memory = memory;

        public void Dispose() => Interlocked.Exchange(ref _memory, null)?.GiveBack(share);
    }
}
