using System.Runtime.InteropServices;
using System.Text;

namespace Proxyless.Distributed;

/// <summary>
/// The functions of an MPI library. It is loaded with its symbols visible to all (RTLD_GLOBAL): Open MPI's plug-ins
/// look for them in the process.
/// </summary>
internal sealed unsafe partial class MpiLibrary
{
    private const int Now = 2;
    private const int Global = 0x100;

    // MPI_MAX_LIBRARY_VERSION_STRING is 256 to 8192.
    private const int LongestVersion = 8192;

    private MpiLibrary(nint handle, string file)
    {
        nint Function(string name) =>
            NativeLibrary.TryGetExport(handle, name, out nint address)
                ? address
                : throw new InvalidInputException(
                    $"{file} has no {name}: it is no MPI library; name another with {MpiLauncher.LibraryVariable}"
                );
        File = file;
        Version = VersionOf((delegate* unmanaged<byte*, int*, int>)Function("MPI_Get_library_version"));
        Abi =
            MpiAbi.Of(handle, file, Version)
            ?? throw new InvalidInputException(
                $"{file} is '{Version}', whose constants are not known: Open MPI, libraries with the interface of "
                    + $"MPICH, and libmpi_abi can be used; name one with {MpiLauncher.LibraryVariable}"
            );
        InitThread = (delegate* unmanaged<void*, void*, int, int*, int>)Function("MPI_Init_thread");
        Finish = (delegate* unmanaged<int>)Function("MPI_Finalize");
        CommRank = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_rank");
        CommSize = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_size");
        Allreduce = (delegate* unmanaged<nint, void*, int, nint, nint, nint, int>)Function("MPI_Allreduce");
        Bcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Function("MPI_Bcast");
        Allgather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Function("MPI_Allgather");
        Ibarrier = (delegate* unmanaged<nint, nint*, int>)Function("MPI_Ibarrier");
        Test = (delegate* unmanaged<nint*, int*, nint, int>)Function("MPI_Test");
        Abort = (delegate* unmanaged<nint, int, int>)Function("MPI_Abort");
    }

    /// <summary>The name by which it was loaded.</summary>
    public string File { get; }

    /// <summary>What the library says of itself, the first line of it.</summary>
    public string Version { get; }

    /// <summary>Its constants.</summary>
    public MpiAbi Abi { get; }

    public delegate* unmanaged<void*, void*, int, int*, int> InitThread { get; }

    public delegate* unmanaged<int> Finish { get; }

    public delegate* unmanaged<nint, int*, int> CommRank { get; }

    public delegate* unmanaged<nint, int*, int> CommSize { get; }

    public delegate* unmanaged<nint, void*, int, nint, nint, nint, int> Allreduce { get; }

    public delegate* unmanaged<void*, int, nint, int, nint, int> Bcast { get; }

    public delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> Allgather { get; }

    public delegate* unmanaged<nint, nint*, int> Ibarrier { get; }

    public delegate* unmanaged<nint*, int*, nint, int> Test { get; }

    public delegate* unmanaged<nint, int, int> Abort { get; }

    /// <summary>Loads the first library that there is.</summary>
    /// <param name="files">Names or paths.</param>
    /// <exception cref="InvalidInputException">None can be loaded, or the first that can is not usable.</exception>
    public static MpiLibrary Load(IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var reasons = new List<string>();
        foreach (string file in files)
        {
            nint handle = Open(file, Now | Global);
            if (handle != 0)
            {
                return new MpiLibrary(handle, file);
            }

            reasons.Add(Marshal.PtrToStringUTF8(LastError()) ?? file);
        }

        throw new InvalidInputException(
            $"this process was started by an MPI, but its library cannot be loaded ({string.Join("; ", reasons)}); "
                + $"install it, name it with {MpiLauncher.LibraryVariable}=PATH, or work alone with "
                + $"{MpiLauncher.LibraryVariable}={MpiLauncher.Off}"
        );
    }

    private static string VersionOf(delegate* unmanaged<byte*, int*, int> get)
    {
        byte* text = stackalloc byte[LongestVersion];
        int length = 0;
        if (get(text, &length) != 0)
        {
            return "";
        }

        string all = Encoding.UTF8.GetString(text, Math.Clamp(length, 0, LongestVersion));
        return all.Split('\n', '\0')[0].Replace(":\t", " ", StringComparison.Ordinal).Trim();
    }

    [LibraryImport("libdl.so.2", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string file, int flags);

    [LibraryImport("libdl.so.2", EntryPoint = "dlerror")]
    private static partial nint LastError();
}
