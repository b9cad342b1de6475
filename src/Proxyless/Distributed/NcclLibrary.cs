using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Proxyless.Distributed;

/// <summary>
/// The functions of NVIDIA's NCCL that sums over graphics cards need (NCCL 2, nccl.h). Not run here: written from its
/// documentation, and tested with functions that take their place.
/// </summary>
internal sealed unsafe class NcclLibrary
{
    /// <summary>Names the library.</summary>
    public const string LibraryVariable = "PROXYLESS_NCCL";

    /// <summary><c>ncclFloat32</c>.</summary>
    public const int Floats = 7;

    /// <summary><c>ncclSum</c>.</summary>
    public const int Addition = 0;

    private const string File = "libnccl.so.2";
    private const int Success = 0;

    private readonly delegate* unmanaged<int, byte*> _errorString;

    /// <summary>Takes the functions.</summary>
    /// <param name="functions">Returns the address of a function by its name.</param>
    public NcclLibrary(Func<string, nint> functions)
    {
        ArgumentNullException.ThrowIfNull(functions);
        var version = (delegate* unmanaged<int*, int>)functions("ncclGetVersion");
        _errorString = (delegate* unmanaged<int, byte*>)functions("ncclGetErrorString");
        GetUniqueId = (delegate* unmanaged<NcclId*, int>)functions("ncclGetUniqueId");
        CommInitRank = (delegate* unmanaged<nint*, int, NcclId, int, int>)functions("ncclCommInitRank");
        AllReduce = (delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int>)functions("ncclAllReduce");
        CommDestroy = (delegate* unmanaged<nint, int>)functions("ncclCommDestroy");
        int code = 0;
        Check(version(&code), "ncclGetVersion");

        // 1000 times the first number until 2.8, 10,000 times since.
        int first = code < 10_000 ? 1000 : 10_000;
        Version = Invariant($"NCCL {code / first}.{code % first / 100}.{code % 100}");
    }

    /// <summary>Its name and version.</summary>
    public string Version { get; }

    public delegate* unmanaged<NcclId*, int> GetUniqueId { get; }

    public delegate* unmanaged<nint*, int, NcclId, int, int> CommInitRank { get; }

    public delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int> AllReduce { get; }

    public delegate* unmanaged<nint, int> CommDestroy { get; }

    /// <summary>Loads the library.</summary>
    /// <param name="variable">Returns the value of an environment variable, or null.</param>
    /// <returns>Null if there is none, and none is named.</returns>
    /// <exception cref="InvalidInputException">The one that is named cannot be used.</exception>
    public static NcclLibrary? Find(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? named = variable(LibraryVariable);
        string file = named ?? File;
        if (NativeLibrary.TryLoad(file, out nint handle))
        {
            return new NcclLibrary(name =>
                NativeLibrary.TryGetExport(handle, name, out nint address)
                    ? address
                    : throw new InvalidInputException(
                        $"{file} has no {name}: it is not NCCL 2; name another library with {LibraryVariable}"
                    )
            );
        }

        return named is null
            ? null
            : throw new InvalidInputException($"{LibraryVariable} = {named}: the library cannot be loaded");
    }

    /// <summary>Throws if a call has failed.</summary>
    /// <exception cref="IOException">It has.</exception>
    /// <param name="result">What the call returned.</param>
    /// <param name="function">Its name.</param>
    /// <param name="hint">What is behind the reason in the message.</param>
    public void Check(int result, string function, string hint = "")
    {
        if (result != Success)
        {
            string reason = Marshal.PtrToStringUTF8((nint)_errorString(result)) ?? "";
            throw new IOException(Invariant($"{function} failed with code {result}: {reason}{hint}"));
        }
    }

    /// <summary><c>ncclUniqueId</c>, 128 bytes that are passed by value.</summary>
    [InlineArray(Length)]
    internal struct NcclId
    {
        private const int Length = 128;

        private byte _first;
    }
}
