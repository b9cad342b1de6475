namespace Proxyless.Distributed;

/// <summary>The processes that an MPI started (<c>MPI_COMM_WORLD</c>).</summary>
internal sealed unsafe class MpiCommunicator : ICommunicator
{
    private const int Success = 0;

    // A process that has had nothing to do for a while goes on this long after the others, at most.
    private static readonly TimeSpan LongestNap = TimeSpan.FromMilliseconds(5);

    // The launcher needs none of it, unless other processes keep it from running.
    private static readonly TimeSpan TimeForOutput = TimeSpan.FromMilliseconds(500);

    private readonly MpiLibrary _library;
    private readonly MpiAbi _abi;

    private MpiCommunicator(MpiLibrary library)
    {
        _library = library;
        _abi = library.Abi;
        int provided = 0;
        Check(library.InitThread(null, null, _abi.Serialized, &provided), "MPI_Init_thread");
        if (provided < _abi.Serialized)
        {
            throw new InvalidInputException(
                $"{library.Version} allows calls from its first thread only (level {provided}); install one with "
                    + $"MPI_THREAD_SERIALIZED, or name it with {MpiLauncher.LibraryVariable}"
            );
        }

        int rank = 0;
        int size = 0;
        Check(library.CommRank(_abi.World, &rank), "MPI_Comm_rank");
        Check(library.CommSize(_abi.World, &size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
    }

    /// <summary>Joins the processes that were started together.</summary>
    /// <param name="launcher">What started them.</param>
    /// <exception cref="InvalidInputException">The library cannot be used, or is not the launcher's.</exception>
    public static MpiCommunicator Join(MpiLauncher launcher)
    {
        ArgumentNullException.ThrowIfNull(launcher);
        using var handlers = new SignalHandlers();
        var library = MpiLibrary.Load(launcher.Libraries);

        // Before it begins a job of each process, with a program and a folder, which may fail with words of its own.
        if (launcher.IsHydra && library.Abi.IsOpenMpi)
        {
            throw OfAnother(launcher, library, "is not that of their mpirun");
        }

        var communicator = new MpiCommunicator(library);
        if (communicator.Size == launcher.Size)
        {
            return communicator;
        }

        communicator.Dispose();
        throw OfAnother(launcher, library, $"sees {communicator.Size}");
    }

    private static InvalidInputException OfAnother(MpiLauncher launcher, MpiLibrary library, string how) =>
        new(
            $"{launcher.Size} processes were started, but {library.File} ({library.Version}) {how}: they were started "
                + "by another MPI; use the mpirun of this one, or name the other's library with "
                + MpiLauncher.LibraryVariable
        );

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public string Description => $"{_library.Version}, {_library.File}";

    /// <inheritdoc/>
    public void Sum(Span<float> values)
    {
        fixed (float* first = values)
        {
            Check(
                _library.Allreduce(_abi.InPlace, first, values.Length, _abi.Floats, _abi.Sum, _abi.World),
                "MPI_Allreduce"
            );
        }
    }

    /// <inheritdoc/>
    public void Sum(Span<double> values)
    {
        fixed (double* first = values)
        {
            Check(
                _library.Allreduce(_abi.InPlace, first, values.Length, _abi.Doubles, _abi.Sum, _abi.World),
                "MPI_Allreduce"
            );
        }
    }

    /// <summary>Only an MPI that was built for CUDA could, and none says so in a way common to all.</summary>
    /// <inheritdoc/>
    public bool SumOnDevice(nint first, long count) => false;

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            Check(_library.Bcast(first, bytes.Length, _abi.Bytes, 0, _abi.World), "MPI_Bcast");
        }
    }

    /// <inheritdoc/>
    public ulong[] Gather(ulong value)
    {
        var all = new ulong[Size];
        fixed (ulong* first = all)
        {
            Check(
                _library.Allgather(&value, sizeof(ulong), _abi.Bytes, first, sizeof(ulong), _abi.Bytes, _abi.World),
                "MPI_Allgather"
            );
        }

        return all;
    }

    /// <inheritdoc/>
    public void Meet()
    {
        // Open MPI writes a pointer, MPICH a 32-bit number.
        nint request = 0;
        Check(_library.Ibarrier(_abi.World, &request), "MPI_Ibarrier");
        TimeSpan nap = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            int met = 0;
            Check(_library.Test(&request, &met, _abi.IgnoredStatus), "MPI_Test");
            if (met != 0)
            {
                return;
            }

            Thread.Sleep(nap);
            nap = nap * 2 < LongestNap ? nap * 2 : LongestNap;
        }
    }

    /// <inheritdoc/>
    public void Abort(int code)
    {
        // MPICH's launcher loses what it has not read by then of this process's error output (1 of 100 times on a busy
        // machine).
        Thread.Sleep(TimeForOutput);
        _ = _library.Abort(_abi.World, code);
    }

    /// <inheritdoc/>
    public void Dispose() => _ = _library.Finish();

    /// <summary>
    /// Errors end the processes before they are returned, unless the user's environment says otherwise
    /// (<c>MPI_ERRORS_ARE_FATAL</c> is the default).
    /// </summary>
    private static void Check(int result, string function)
    {
        if (result != Success)
        {
            throw new IOException(Invariant($"{function} failed with code {result}: a process or the network is gone"));
        }
    }
}
