using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Proxyless.Distributed;

/// <summary>
/// The processes that share the steps of a search or a training, one in each rank of an MPI job (<c>mpirun -n 8</c>).
/// The first one leads: it does everything else and writes all files. The others wait for its steps
/// (<see cref="Runs.ProxylessRun.Follow"/>). A process that no MPI started is a group of its own.
/// </summary>
/// <remarks>docs/scale-out.md tells how to start one.</remarks>
public sealed partial class ProcessGroup : IDisposable
{
    // Processors that fit in cpu_set_t: 1,024.
    private const int MaskBytes = 128;

    private static ProcessGroup? _joined;
    private static bool _hasJoined;
    private int _isWorking;

    /// <summary>A group of processes that are connected.</summary>
    /// <param name="communicator">Connects them; disposed of with the group that <see cref="Join"/> returns.</param>
    internal ProcessGroup(ICommunicator communicator)
    {
        Communicator = communicator;
        Threads = Environment.ProcessorCount;
    }

    /// <summary>The group of this process.</summary>
    internal static ProcessGroup Current => _joined ?? Alone;

    /// <summary>This process alone.</summary>
    internal static ProcessGroup Alone { get; } = new(OneProcess.Instance);

    /// <summary>The number of this process, from 0.</summary>
    public int Rank => Communicator.Rank;

    /// <summary>The number of processes.</summary>
    public int Size => Communicator.Size;

    /// <summary>Whether this process leads.</summary>
    public bool IsLeader => Rank == 0;

    /// <summary>What connects the processes: the MPI's name, version and library.</summary>
    public string Description => Communicator.Description;

    /// <summary>
    /// Threads of this process, if nothing else is asked for: the processors that it may use, divided by the number of
    /// processes that may use the same ones.
    /// </summary>
    public int Threads { get; private init; }

    /// <summary>The collective operations.</summary>
    internal ICommunicator Communicator { get; }

    /// <summary>
    /// Whether a step has failed in this process alone, so that the others wait for it forever: they are ended with it.
    /// </summary>
    internal bool IsBroken { get; set; }

    /// <summary>Whether the leader has said that it has no more work.</summary>
    internal bool HasFollowed { get; set; }

    /// <summary>
    /// Joins the group that an MPI started this process in. Call it once, before anything else of this library;
    /// everything that the library does until <see cref="Dispose"/> is then shared.
    /// </summary>
    /// <returns>The group; this process alone if no MPI started it.</returns>
    /// <exception cref="InvalidInputException">
    /// The MPI's library cannot be used, or the processes have different builds of this one.
    /// </exception>
    /// <exception cref="InvalidOperationException">The process has joined before.</exception>
    public static ProcessGroup Join()
    {
        if (_hasJoined)
        {
            throw new InvalidOperationException("a process joins its group once: MPI cannot begin again");
        }

        if (MpiLauncher.Here is not { } launcher)
        {
            return Alone;
        }

        if (!OperatingSystem.IsLinux())
        {
            throw new InvalidInputException(
                "several processes can share a search on Linux only; start one without mpirun, or set "
                    + $"{MpiLauncher.LibraryVariable}={MpiLauncher.Off}"
            );
        }

        _hasJoined = true;
        OwnCard.Choose(Environment.GetEnvironmentVariable);
        var library = NcclLibrary.Find(Environment.GetEnvironmentVariable);
        ICommunicator communicator = MpiCommunicator.Join(launcher);
        try
        {
            RequireOneBuild(communicator.Gather(OwnBuild));
        }
        catch
        {
            communicator.Dispose();
            throw;
        }

        // A library that one process lacks is of no use to the rest.
        bool haveAll = !communicator.Gather(library is null ? 0UL : 1UL).Contains(0UL);
        if (haveAll)
        {
            communicator = new NcclCommunicator(communicator, library!);
        }

        return _joined = new ProcessGroup(communicator)
        {
            Threads = Math.Max(1, Environment.ProcessorCount / OnTheSameProcessors(communicator)),
        };
    }

    /// <summary>
    /// Leaves the group. The leader lets the others end. A process that cannot go on, so that the others would wait for
    /// it, ends them all.
    /// </summary>
    public void Dispose()
    {
        if (this != _joined)
        {
            return;
        }

        if (IsBroken || !(IsLeader || HasFollowed))
        {
            Communicator.Abort(1);
        }

        if (IsLeader)
        {
            new GroupSignals(Communicator).EndAll();
        }

        Communicator.Dispose();
        _joined = null;
    }

    /// <summary>Begins work that the processes share; dispose of the result at its end.</summary>
    /// <exception cref="InvalidOperationException">Other work is going on, or an earlier one has failed.</exception>
    internal IDisposable BeginWork()
    {
        if (IsBroken)
        {
            throw new InvalidOperationException("an earlier step has failed in this process alone");
        }

        return Interlocked.CompareExchange(ref _isWorking, 1, 0) == 0
            ? new Work(this)
            : throw new InvalidOperationException(
                "the processes of this group share other steps now: a program runs one job at a time with them"
            );
    }

    /// <summary>Identifies the build of this library: what compiles differently has another one.</summary>
    private static ulong OwnBuild => BitConverter.ToUInt64(typeof(ProcessGroup).Module.ModuleVersionId.ToByteArray());

    /// <summary>
    /// Rejects a mixture of builds: their steps may differ, and then the processes wait for each other forever.
    /// </summary>
    /// <param name="builds">The build of each process.</param>
    /// <exception cref="InvalidInputException">They are not all the same; the message names the processes.</exception>
    internal static void RequireOneBuild(IReadOnlyList<ulong> builds)
    {
        string[] processes =
        [
            .. builds
                .Index()
                .GroupBy(build => build.Item, build => build.Index)
                .Select(same => string.Join(", ", same)),
        ];
        if (processes.Length > 1)
        {
            throw new InvalidInputException(
                "the processes of this job have different builds of this library: processes "
                    + $"{string.Join(" have one, and ", processes)} another; copy one build to all machines, or use a "
                    + "folder that all of them see"
            );
        }
    }

    /// <summary>The number of processes, with this one, that the system lets run on the same processors.</summary>
    private static int OnTheSameProcessors(ICommunicator communicator)
    {
        Span<byte> mask = stackalloc byte[MaskBytes];
        mask.Clear();
        _ = Affinity(0, MaskBytes, ref MemoryMarshal.GetReference(mask));

        // The same in every process, unlike hash codes.
        byte[] digest = SHA256.HashData([.. Encoding.UTF8.GetBytes(Environment.MachineName), .. mask]);
        ulong own = BitConverter.ToUInt64(digest);
        return communicator.Gather(own).Count(other => other == own);
    }

    private sealed class Work(ProcessGroup group) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref group._isWorking, 0);
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int Affinity(int process, nint bytes, ref byte mask);
}
