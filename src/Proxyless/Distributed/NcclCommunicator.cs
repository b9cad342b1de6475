using System.Runtime.InteropServices;

namespace Proxyless.Distributed;

/// <summary>
/// Processes with a graphics card each: sums of what lies on the cards go from card to card, by NCCL; everything else
/// goes through the processes' own connection.
/// </summary>
/// <param name="processes">The processes; disposed of with this.</param>
/// <param name="library">NCCL; null where not all of the processes have it.</param>
internal sealed unsafe class NcclCommunicator(ICommunicator processes, NcclLibrary? library) : ICommunicator
{
    private const nint DefaultStream = 0;

    private nint _cards;

    /// <inheritdoc/>
    public int Rank => processes.Rank;

    /// <inheritdoc/>
    public int Size => processes.Size;

    /// <inheritdoc/>
    public string Description =>
        library is null ? processes.Description : $"{processes.Description}; {library.Version} for graphics cards";

    /// <inheritdoc/>
    public void Sum(Span<float> values) => processes.Sum(values);

    /// <inheritdoc/>
    public void Sum(Span<double> values) => processes.Sum(values);

    /// <inheritdoc/>
    public bool SumOnDevice(nint first, long count)
    {
        if (library is null)
        {
            return false;
        }

        if (_cards == 0)
        {
            Connect(library);
        }

        int result = library.AllReduce(
            (void*)first,
            (void*)first,
            (nuint)count,
            NcclLibrary.Floats,
            NcclLibrary.Addition,
            _cards,
            DefaultStream
        );
        library.Check(result, "ncclAllReduce");
        return true;
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes) => processes.Broadcast(bytes);

    /// <inheritdoc/>
    public ulong[] Gather(ulong value) => processes.Gather(value);

    /// <inheritdoc/>
    public void Meet() => processes.Meet();

    /// <inheritdoc/>
    public void Abort(int code) => processes.Abort(code);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_cards != 0)
        {
            _ = library!.CommDestroy(_cards);
            _cards = 0;
        }

        processes.Dispose();
    }

    private void Connect(NcclLibrary nccl)
    {
        NcclLibrary.NcclId id = default;
        if (Rank == 0)
        {
            nccl.Check(nccl.GetUniqueId(&id), "ncclGetUniqueId");
        }

        Broadcast(MemoryMarshal.AsBytes(new Span<NcclLibrary.NcclId>(ref id)));
        nint cards = 0;
        nccl.Check(
            nccl.CommInitRank(&cards, Size, id, Rank),
            "ncclCommInitRank",
            "; each process needs a card of its own"
        );
        _cards = cards;
    }
}
