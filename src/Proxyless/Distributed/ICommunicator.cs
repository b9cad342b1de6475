namespace Proxyless.Distributed;

/// <summary>
/// Several processes that work on the same steps: the collective operations that data-parallel training needs. Every
/// process calls them in the same order. The calls come from one thread at a time.
/// </summary>
internal interface ICommunicator : IDisposable
{
    /// <summary>The number of this process, from 0; process 0 leads.</summary>
    int Rank { get; }

    /// <summary>The number of processes.</summary>
    int Size { get; }

    /// <summary>What connects the processes, for messages.</summary>
    string Description { get; }

    /// <summary>Replaces numbers by their sums over all processes, which are the same everywhere to the bit.</summary>
    /// <param name="values">The numbers of this process, in memory that does not move; as many everywhere.</param>
    void Sum(Span<float> values);

    /// <inheritdoc cref="Sum(Span{float})"/>
    void Sum(Span<double> values);

    /// <summary>
    /// Replaces float32 numbers in the memory of a CUDA device by their sums over all processes, which are the same
    /// everywhere to the bit, in the order of the device's default stream.
    /// </summary>
    /// <param name="first">The address of the first number on the device.</param>
    /// <param name="count">How many; as many everywhere.</param>
    /// <returns>
    /// False if the processes cannot sum there, the same everywhere and always; nothing is changed then, and the
    /// numbers have to go through the memory of the processor.
    /// </returns>
    bool SumOnDevice(nint first, long count);

    /// <summary>Replaces bytes by those of process 0.</summary>
    /// <param name="bytes">Memory that does not move; as many bytes everywhere.</param>
    void Broadcast(Span<byte> bytes);

    /// <summary>Returns a number of every process, by rank.</summary>
    /// <param name="value">The number of this process.</param>
    ulong[] Gather(ulong value);

    /// <summary>
    /// Waits until every process has called it. A process that waits sleeps, so that others on its machine can measure.
    /// </summary>
    void Meet();

    /// <summary>
    /// Ends all processes at once, also those that wait in a collective operation, as a thread of this one may.
    /// </summary>
    /// <param name="code">The exit code.</param>
    void Abort(int code);
}
