using System.Runtime.InteropServices;

namespace Proxyless.Distributed;

/// <summary>
/// The constants of a family of MPI libraries. The functions have the same signatures everywhere; what a communicator
/// or a type is differs: an address of a symbol (Open MPI), a 32-bit number (MPICH, and Intel MPI, MVAPICH and Cray
/// MPI, which share its binary interface), a number as a pointer (the standard interface of MPI 5.0, chapter 20).
/// </summary>
internal sealed record MpiAbi
{
    // MPI_THREAD_SERIALIZED: any thread may call, one at a time.
    private const int UsualSerialized = 2;
    private const int StandardSerialized = 2048;

    // Of the standard interface; libraries have other names for other interfaces.
    private const string StandardName = "libmpi_abi";

    /// <summary>Whether the library is Open MPI.</summary>
    public bool IsOpenMpi { get; init; }

    /// <summary><c>MPI_COMM_WORLD</c>.</summary>
    public required nint World { get; init; }

    /// <summary><c>MPI_BYTE</c>.</summary>
    public required nint Bytes { get; init; }

    /// <summary><c>MPI_FLOAT</c>.</summary>
    public required nint Floats { get; init; }

    /// <summary><c>MPI_DOUBLE</c>.</summary>
    public required nint Doubles { get; init; }

    /// <summary><c>MPI_SUM</c>.</summary>
    public required nint Sum { get; init; }

    /// <summary><c>MPI_IN_PLACE</c>.</summary>
    public nint InPlace { get; init; } = 1;

    /// <summary><c>MPI_STATUS_IGNORE</c>.</summary>
    public nint IgnoredStatus { get; init; }

    /// <summary><c>MPI_THREAD_SERIALIZED</c>; levels that allow more are higher.</summary>
    public int Serialized { get; init; } = UsualSerialized;

    /// <summary>MPICH 3 and later, with the binary interface that others share since 2013.</summary>
    private static MpiAbi Mpich { get; } =
        new()
        {
            World = 0x44000000,
            Bytes = 0x4c00010d,
            Floats = 0x4c00040a,
            Doubles = 0x4c00080b,
            Sum = 0x58000003,
            InPlace = -1,
            IgnoredStatus = 1,
        };

    /// <summary>The standard interface. It has not been run: Debian 12 has no library with it.</summary>
    private static MpiAbi Standard { get; } =
        new()
        {
            World = 0x101,
            Bytes = 0x247,
            Floats = 0x210,
            Doubles = 0x214,
            Sum = 0x21,
            Serialized = StandardSerialized,
        };

    /// <summary>Recognizes a library.</summary>
    /// <param name="library">Its handle.</param>
    /// <param name="file">The name that it was loaded by.</param>
    /// <param name="version">What it says of itself.</param>
    /// <returns>Null if it is of no known family.</returns>
    public static MpiAbi? Of(nint library, string file, string version)
    {
        if (Path.GetFileName(file).StartsWith(StandardName, StringComparison.Ordinal))
        {
            return Standard;
        }

        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world))
        {
            nint Symbol(string name) => NativeLibrary.GetExport(library, $"ompi_mpi_{name}");
            return new MpiAbi
            {
                IsOpenMpi = true,
                World = world,
                Bytes = Symbol("byte"),
                Floats = Symbol("float"),
                Doubles = Symbol("double"),
                Sum = Symbol("op_sum"),
            };
        }

        string[] sharers = ["MPICH", "Intel(R) MPI", "MVAPICH", "CRAY MPICH"];
        return sharers.Any(name => version.Contains(name, StringComparison.OrdinalIgnoreCase)) ? Mpich : null;
    }
}
