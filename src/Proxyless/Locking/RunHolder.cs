using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Proxyless.Locking;

/// <summary>A process that works in a run folder.</summary>
/// <param name="Process">Its process id.</param>
/// <param name="Host">The machine that it runs on.</param>
/// <param name="ProcessStarted">
/// When the process started, which distinguishes it from a later process with the same id.
/// </param>
/// <param name="Since">When it locked the folder.</param>
internal sealed record RunHolder(int Process, string Host, DateTimeOffset ProcessStarted, DateTimeOffset Since)
{
    // Start times of processes are given in ticks of the kernel's clock, relative to a boot time that is also rounded.
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What the kernel knows it by; null where the system has nothing of the kind, or an older version wrote it.
    /// </summary>
    public KernelProcess? Kernel { get; init; }

    /// <summary>Whether it runs, or ran, on a host of this name.</summary>
    [JsonIgnore]
    public bool IsHere => Host == Environment.MachineName;

    /// <summary>
    /// Whether <see cref="IsAlive"/> is certain to be about this very process: containers may have the name of a host,
    /// and its process numbers, in common.
    /// </summary>
    [JsonIgnore]
    public bool IsSeen =>
        IsHere
        && (
            Kernel is null
                ? KernelProcess.Current is null
                : Kernel.IsSeenBy(KernelProcess.Current) && (IsCurrent || KernelProcess.SeesAll)
        );

    /// <summary>Whether it is the current process.</summary>
    [JsonIgnore]
    public bool IsCurrent => IsHere && Process == Environment.ProcessId && Kernel == KernelProcess.Current;

    /// <summary>The current process, from now on.</summary>
    public static RunHolder Current()
    {
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return new RunHolder(
            Environment.ProcessId,
            Environment.MachineName,
            self.StartTime.ToUniversalTime(),
            DateTimeOffset.UtcNow
        )
        {
            Kernel = KernelProcess.Current,
        };
    }

    /// <summary>Whether the process still runs, on this host.</summary>
    public bool IsAlive()
    {
        if (Kernel is not null && KernelProcess.Current is not null)
        {
            // Another boot or container is over, as far as this host can know.
            return KernelProcess.Of(Process) == Kernel;
        }

        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(Process);
            return (process.StartTime.ToUniversalTime() - ProcessStarted.UtcDateTime).Duration() <= StartTolerance;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Such as <c>process 4711 on box since 2026-11-26 20:15:03Z</c>.</summary>
    public override string ToString() =>
        Invariant($"process {Process} on {Host} since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
}
