namespace Proxyless.Locking;

/// <summary>The locked folders of a job that works in several; they are released in reverse order.</summary>
internal sealed class RunLocks : IDisposable
{
    private readonly Stack<RunLock> _held = [];

    /// <summary>Locks another folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <exception cref="InvalidInputException">
    /// Another job holds it, which the message names, or it cannot be created or written.
    /// </exception>
    public void Acquire(string folder) => _held.Push(RunLock.Acquire(folder));

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_held.TryPop(out RunLock? held))
        {
            held.Dispose();
        }
    }
}
