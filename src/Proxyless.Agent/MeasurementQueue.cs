using Grpc.Core;

namespace Proxyless.Agent;

/// <summary>Allows one measurement at a time: two at once would disturb each other.</summary>
internal sealed class MeasurementQueue(AgentLimits limits) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _present;

    /// <summary>Waits for the turn, which ends when the result is disposed.</summary>
    /// <exception cref="RpcException">Too many clients are already waiting.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        // The client whose turn it is does not wait.
        if (Interlocked.Increment(ref _present) > limits.Waiting + 1)
        {
            Interlocked.Decrement(ref _present);
            throw new RpcException(
                new Status(
                    StatusCode.ResourceExhausted,
                    $"{limits.Waiting} clients wait for their turn already; try again later"
                )
            );
        }

        try
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Interlocked.Decrement(ref _present);
            throw;
        }

        return new Turn(this);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private void Leave()
    {
        _turn.Release();
        Interlocked.Decrement(ref _present);
    }

    private sealed class Turn(MeasurementQueue queue) : IDisposable
    {
        private MeasurementQueue? _queue = queue;

        public void Dispose() => Interlocked.Exchange(ref _queue, null)?.Leave();
    }
}
