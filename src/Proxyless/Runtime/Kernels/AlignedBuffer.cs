using System.Runtime.InteropServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Numbers outside the managed heap that begin at a cache line: a wide vector that crosses two of them takes two loads.
/// </summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    private const int Alignment = 64;

    private long _capacity;

    /// <summary>Allocates no memory yet.</summary>
    public AlignedBuffer() { }

    /// <summary>Allocates memory of undefined content.</summary>
    /// <param name="length">Count of the numbers.</param>
    public AlignedBuffer(long length) => Require(length);

    // Where a kernel failed, nobody disposes of what it had.
    ~AlignedBuffer() => Free();

    /// <summary>The first number; null before memory is required.</summary>
    public float* Data { get; private set; }

    /// <summary>Provides room for a count of numbers; what was there is lost where it has to grow.</summary>
    public void Require(long length)
    {
        if (length > _capacity)
        {
            Free();
            Data = (float*)NativeMemory.AlignedAlloc(checked((nuint)length * sizeof(float)), Alignment);
            _capacity = length;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
        _capacity = 0;
    }
}
