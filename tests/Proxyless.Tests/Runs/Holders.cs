using Proxyless.Locking;

namespace Proxyless.Tests.Runs;

/// <summary>Holders of locks and claims that are not this process.</summary>
internal static class Holders
{
    /// <summary>A process whose number this one has now.</summary>
    public static RunHolder Killed()
    {
        RunHolder current = RunHolder.Current();
        return current with
        {
            ProcessStarted = current.ProcessStarted.AddDays(-1),
            Kernel = current.Kernel is { } kernel ? kernel with { Start = kernel.Start - 1 } : null,
        };
    }

    /// <summary>This process, were it on another host, from where it cannot be seen.</summary>
    public static RunHolder Elsewhere() => RunHolder.Current() with { Host = "elsewhere" };
}
