using System.Runtime.InteropServices;

namespace Proxyless.HostProbe;

/// <summary>The process as native code sees it.</summary>
internal static partial class NativeProcess
{
    private const int LargeBlock = 64 << 20;

    /// <summary>A variable of the environment.</summary>
    public static string? Variable(string name) => Marshal.PtrToStringUTF8(GetEnvironment(name));

    /// <summary>
    /// Whether glibc maps a large block by itself, as it does unless it is told otherwise, and gives it back when it is
    /// freed.
    /// </summary>
    public static unsafe bool MapsLargeBlocks()
    {
        nuint before = Statistics().MappedBlocks;
        void* block = NativeMemory.Alloc(LargeBlock);
        nuint during = Statistics().MappedBlocks;
        NativeMemory.Free(block);
        return during > before;
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnvironment(string name);

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial AllocatorStatistics Statistics();

    /// <summary>struct mallinfo2 of malloc.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct AllocatorStatistics
    {
        public readonly nuint ArenaBytes;
        public readonly nuint FreeBlocks;
        public readonly nuint FastBlocks;
        public readonly nuint MappedBlocks;
        public readonly nuint MappedBytes;
        public readonly nuint PeakBytes;
        public readonly nuint FastBytes;
        public readonly nuint UsedBytes;
        public readonly nuint FreeBytes;
        public readonly nuint TopBytes;
    }
}
