using System.Globalization;

namespace Proxyless.Locking;

/// <summary>
/// What tells a process of Linux from every other one, also after its number is used again: no clock is in it that
/// somebody can set.
/// </summary>
/// <param name="Boot">The identity of the kernel's boot.</param>
/// <param name="Space">The namespace in which its number is one process: that of its container.</param>
/// <param name="Start">When it began, in the kernel's ticks since that boot.</param>
internal sealed record KernelProcess(string Boot, string Space, long Start)
{
    // Field 22 of proc(5)'s stat, and the state, counted from the end of the command's name, which may hold anything.
    private const int StartField = 19;
    private const int StateField = 0;

    /// <summary>The current process; null where the system is not Linux, or hides it.</summary>
    public static KernelProcess? Current { get; } = Of(Environment.ProcessId);

    /// <summary>
    /// Whether the system shows the processes of other users (it does not if /proc is mounted with hidepid): else one
    /// that is not seen may be there.
    /// </summary>
    public static bool SeesAll { get; } = Of(1) is not null;

    /// <summary>A process that the current one can see by its number; null if there is none.</summary>
    public static KernelProcess? Of(int process)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            string stat = File.ReadAllText(Invariant($"/proc/{process}/stat"));
            string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields[StateField] is "Z" or "X" || new FileInfo("/proc/self/ns/pid").LinkTarget is not { } space
                ? null
                : new KernelProcess(
                    File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
                    space,
                    long.Parse(fields[StartField], CultureInfo.InvariantCulture)
                );
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException
            )
        {
            return null;
        }
    }

    /// <summary>Whether an observer sees this process under its number, if it is there.</summary>
    public bool IsSeenBy(KernelProcess? observer) =>
        observer is not null && Boot == observer.Boot && Space == observer.Space;
}
