using System.Diagnostics;
using System.Globalization;

namespace Proxyless.Runtime;

/// <summary>The peak resident memory of this process since a given moment.</summary>
internal sealed class ResidentMemory
{
    private const string Status = "/proc/self/status";
    private readonly double _before;

    private ResidentMemory(double before) => _before = before;

    /// <summary>
    /// Starts the measurement. On Linux the kernel's peak is reset; elsewhere it starts at the process's peak so far.
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
                // Not allowed in some containers: the peak then starts at its highest value so far.
            }
            catch (UnauthorizedAccessException)
            {
                // As above.
            }
        }

        using var process = Process.GetCurrentProcess();
        return new ResidentMemory(process.WorkingSet64 / 1e6);
    }

    /// <summary>The peak since the start minus the memory in use then, in MB (10^6 bytes).</summary>
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
