namespace Proxyless.Runs;

/// <summary>The folders of a job that works in several; given back in the reverse order.</summary>
internal sealed class RunLocks : IDisposable
{
    private readonly Stack<RunLock> _held = [];

    /// <summary>Takes one more folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <exception cref="InvalidInputException">
    /// Another job holds it, which the message names, or it cannot be made or written.
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
