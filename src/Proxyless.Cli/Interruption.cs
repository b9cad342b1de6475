using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Proxyless.Cli;

/// <summary>
/// Ctrl-C and SIGTERM: the first one requests a checkpoint and an orderly end after the current step, the second one
/// ends the process at once.
/// </summary>
internal sealed partial class Interruption : IDisposable
{
    private readonly CancellationTokenSource _cancellation;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _signals;

    /// <summary>Starts to listen.</summary>
    /// <param name="cancellationToken">Canceled by the first signal.</param>
    public Interruption(CancellationTokenSource cancellationToken)
    {
        _cancellation = cancellationToken;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (Interlocked.Increment(ref _signals) == 1)
        {
            _cancellation.Cancel();
        }
        else
        {
            LeaveAtOnce();
        }
    }

    /// <summary>
    /// Without the orderly exit of the runtime and of native libraries, which waits for computing threads.
    /// </summary>
    private static void LeaveAtOnce()
    {
        if (OperatingSystem.IsWindows())
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }

        Exit(ExitCode.Interrupted);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
