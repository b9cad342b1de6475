using System.Runtime.InteropServices;

namespace Proxyless.Runtime;

/// <summary>
/// glibc returns every large tensor to the kernel and gets the next one zeroed page by page, which takes most of a
/// training step's time. Keeping freed memory in the process makes a step several times faster. The allocators of other
/// systems keep it by default: there is nothing to call.
/// </summary>
internal static partial class Allocator
{
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD
    private const int TopPad = -2; // M_TOP_PAD
    private const int MapCount = -4; // M_MMAP_MAX
    private const int TopPadBytes = 256 << 20;

    /// <summary>Keeps freed memory in the process. Call it before the first tensor is created.</summary>
    public static void Tune()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = SetOption(MapCount, 0);
            _ = SetOption(TrimThreshold, int.MaxValue);
            _ = SetOption(TopPad, TopPadBytes);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no mallopt; its allocator is left unchanged.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
