using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Proxyless.Cli;

/// <summary>
/// Ctrl-C and SIGTERM: the first one requests a checkpoint and an orderly end after the current step, a later one ends
/// the process at once. Signals that follow at once are the same request: 'timeout' sends one to the process and one to
/// its group, and a terminal's Ctrl-C may reach it twice.
/// </summary>
internal sealed partial class Interruption : IDisposable
{
    private static readonly TimeSpan OneRequest = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _cancellation;
    private readonly TimeProvider _time;
    private readonly Action _leave;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private long _first;

    /// <summary>Starts to listen.</summary>
    /// <param name="cancellationToken">Canceled by the first signal.</param>
    public Interruption(CancellationTokenSource cancellationToken)
        : this(cancellationToken, TimeProvider.System, LeaveAtOnce) { }

    /// <summary>Starts to listen, with a clock.</summary>
    /// <param name="cancellationToken">Canceled by the first signal.</param>
    /// <param name="time">Tells how much later another signal comes.</param>
    /// <param name="leave">Ends the process.</param>
    internal Interruption(CancellationTokenSource cancellationToken, TimeProvider time, Action leave)
    {
        _cancellation = cancellationToken;
        _time = time;
        _leave = leave;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    /// <summary>What a signal does.</summary>
    internal void Request()
    {
        long first = Interlocked.CompareExchange(ref _first, _time.GetTimestamp(), 0);
        if (first == 0)
        {
            _cancellation.Cancel();
        }
        else if (_time.GetElapsedTime(first) > OneRequest)
        {
            _leave();
        }
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        Request();
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
