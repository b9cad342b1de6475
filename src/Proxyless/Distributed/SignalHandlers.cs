using System.Runtime.InteropServices;

namespace Proxyless.Distributed;

/// <summary>
/// Keeps the runtime's signal handlers while native libraries are loaded and initialized. Open MPI installs handlers of
/// its own for SIGSEGV, SIGBUS, SIGFPE and SIGABRT in MPI_Init, and UCX, which MPICH uses, does so where it is loaded;
/// the runtime needs its own, which turn SIGSEGV into a NullReferenceException.
/// </summary>
internal sealed unsafe partial class SignalHandlers : IDisposable
{
    // SIGINT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGTERM, SIGCHLD; the numbers of Linux.
    private static readonly int[] Signals = [2, 4, 6, 7, 8, 11, 15, 17];

    // struct sigaction is 152 bytes with glibc on x64 and Arm.
    private const int Room = 512;

    private readonly byte* _actions = (byte*)NativeMemory.AllocZeroed((nuint)(Signals.Length * Room));

    /// <summary>Remembers the handlers.</summary>
    public SignalHandlers()
    {
        for (int i = 0; i < Signals.Length; i++)
        {
            _ = Action(Signals[i], null, _actions + (i * Room));
        }
    }

    /// <summary>Restores them.</summary>
    public void Dispose()
    {
        for (int i = 0; i < Signals.Length; i++)
        {
            _ = Action(Signals[i], _actions + (i * Room), null);
        }

        NativeMemory.Free(_actions);
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int Action(int signal, byte* action, byte* before);
}
