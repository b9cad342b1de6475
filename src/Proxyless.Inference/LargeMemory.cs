using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Proxyless.Inference;

/// <summary>
/// Memory for large and short-lived data, which returns to the system when it is freed: on Linux mapped separately,
/// since the allocator settings of a search make the C library keep freed memory; elsewhere allocated.
/// </summary>
internal static unsafe partial class LargeMemory
{
    private const int ReadAndWrite = 1 | 2;
    private const int PrivateAndAnonymous = 0x02 | 0x20;
    private const nint Failed = -1;

    /// <summary>Allocates memory.</summary>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    public static void* Allocate(nuint bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return NativeMemory.Alloc(bytes);
        }

        nint memory = Map(0, bytes, ReadAndWrite, PrivateAndAnonymous, -1, 0);
        return memory != Failed
            ? (void*)memory
            : throw new InsufficientMemoryException(
                $"{bytes} bytes cannot be allocated: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}"
            );
    }

    /// <summary>Frees the memory; null is ignored.</summary>
    public static void Free(void* memory, nuint bytes)
    {
        if (memory is null)
        {
            return;
        }

        if (OperatingSystem.IsLinux())
        {
            _ = Unmap((nint)memory, bytes);
        }
        else
        {
            NativeMemory.Free(memory);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
