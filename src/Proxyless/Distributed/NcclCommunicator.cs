using System.Runtime.InteropServices;

namespace Proxyless.Distributed;

/// <summary>
/// Processes with a graphics card each: sums of what lies on the cards go from card to card, by NCCL; everything else
/// goes through the processes' own connection.
/// </summary>
/// <param name="processes">The processes; disposed of with this.</param>
/// <param name="library">NCCL, which each of the processes has.</param>
internal sealed unsafe class NcclCommunicator(ICommunicator processes, NcclLibrary library)
    : DelegatingCommunicator(processes)
{
    private const nint DefaultStream = 0;

    private nint _cards;

    /// <inheritdoc/>
    public override string Description => $"{base.Description}; {library.Version} for graphics cards";

    /// <inheritdoc/>
    public override bool SumOnDevice(nint first, long count)
    {
        if (_cards == 0)
        {
            Connect();
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
    public override void Dispose()
    {
        if (_cards != 0)
        {
            _ = library.CommDestroy(_cards);
            _cards = 0;
        }

        Processes.Dispose();
    }

    private void Connect()
    {
        NcclLibrary.NcclId id = default;
        if (Rank == 0)
        {
            library.Check(library.GetUniqueId(&id), "ncclGetUniqueId");
        }

        Broadcast(MemoryMarshal.AsBytes(new Span<NcclLibrary.NcclId>(ref id)));
        nint cards = 0;
        library.Check(
            library.CommInitRank(&cards, Size, id, Rank),
            "ncclCommInitRank",
            "; each process needs a card of its own"
        );
        _cards = cards;
    }
}
