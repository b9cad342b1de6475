using System.Diagnostics;
using System.Globalization;

namespace Proxyless.Runtime;

/// <summary>The most resident memory of this process since a moment.</summary>
internal sealed class ResidentMemory
{
    private const string Status = "/proc/self/status";
    private readonly double _before;

    private ResidentMemory(double before) => _before = before;

    /// <summary>
    /// Begins to watch. On Linux the kernel's mark is set back; elsewhere it stands at the process's highest so far.
    /// </summary>
    public static ResidentMemory Start()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (OperatingSystem.IsLinux())
        {
            try
            {
                File.WriteAllText("/proc/self/clear_refs", "5"); // man 5 proc: resets VmHWM
            }
            catch (IOException)
            {
                // Not allowed in some containers: the mark then stands at the highest so far.
            }
            catch (UnauthorizedAccessException)
            {
                // As above.
            }
        }

        using var process = Process.GetCurrentProcess();
        return new ResidentMemory(process.WorkingSet64 / 1e6);
    }

    /// <summary>The highest since the start over what stood then, in MB (10^6 bytes).</summary>
    public double PeakMegabytes()
    {
        double peak;
        if (OperatingSystem.IsLinux())
        {
            string line = File.ReadLines(Status).First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            peak =
                double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture)
                * 1024
                / 1e6;
        }
        else
        {
            using var process = Process.GetCurrentProcess();
            peak = process.PeakWorkingSet64 / 1e6;
        }

        return Math.Max(0, peak - _before);
    }
}
