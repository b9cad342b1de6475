namespace Proxyless.Distributed;

/// <summary>
/// The operations of another communicator, some of which a derived class does in its own way.
/// </summary>
/// <param name="processes">The processes; a derived class says whether it disposes of them.</param>
internal abstract class DelegatingCommunicator(ICommunicator processes) : ICommunicator
{
    /// <summary>The processes.</summary>
    protected ICommunicator Processes { get; } = processes;

    /// <inheritdoc/>
    public int Rank => Processes.Rank;

    /// <inheritdoc/>
    public int Size => Processes.Size;

    /// <inheritdoc/>
    public virtual string Description => Processes.Description;

    /// <inheritdoc/>
    public virtual void Sum(Span<float> values) => Processes.Sum(values);

    /// <inheritdoc/>
    public virtual void Sum(Span<double> values) => Processes.Sum(values);

    /// <inheritdoc/>
    public virtual bool SumOnDevice(nint first, long count) => Processes.SumOnDevice(first, count);

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes) => Processes.Broadcast(bytes);

    /// <inheritdoc/>
    public ulong[] Gather(ulong value) => Processes.Gather(value);

    /// <inheritdoc/>
    public void Meet() => Processes.Meet();

    /// <inheritdoc/>
    public void Abort(int code) => Processes.Abort(code);

    /// <inheritdoc/>
    public abstract void Dispose();
}
