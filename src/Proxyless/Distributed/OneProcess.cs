namespace Proxyless.Distributed;

/// <summary>A process that works alone.</summary>
internal sealed class OneProcess : ICommunicator
{
    private OneProcess() { }

    /// <summary>It has no state.</summary>
    public static OneProcess Instance { get; } = new();

    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public string Description => "one process";

    /// <inheritdoc/>
    public void Sum(Span<float> values)
    {
        // The sum of one.
    }

    /// <inheritdoc/>
    public void Sum(Span<double> values)
    {
        // The sum of one.
    }

    /// <inheritdoc/>
    public bool SumOnDevice(nint first, long count) => true;

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes)
    {
        // They are those of process 0.
    }

    /// <inheritdoc/>
    public ulong[] Gather(ulong value) => [value];

    /// <inheritdoc/>
    public void Meet()
    {
        // All are here.
    }

    /// <inheritdoc/>
    public void Abort(int code) => Environment.Exit(code);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held.
    }
}
