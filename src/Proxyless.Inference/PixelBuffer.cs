using System.Buffers;

namespace Proxyless.Inference;

/// <summary>
/// Memory to decode into: from the shared pool if it is small, from the system if it is large, since the pool would
/// keep the memory of an image of a hundred million pixels as long as the process lives.
/// </summary>
internal sealed unsafe class PixelBuffer : IDisposable
{
    private const int LargestPooled = 1 << 24;

    private readonly IDisposable _lease;
    private byte[]? _rented;
    private void* _native;

    /// <summary>Allocates memory, once <see cref="DecodingMemory"/> has some.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="beside">Bytes that the decoder itself needs at the same time.</param>
    public PixelBuffer(int length, long beside)
    {
        Length = length;
        _lease = DecodingMemory.Shared.Take(length + beside);
        try
        {
            if (length <= LargestPooled)
            {
                _rented = ArrayPool<byte>.Shared.Rent(length);
            }
            else
            {
                _native = LargeMemory.Allocate((nuint)length);
            }
        }
        catch
        {
            _lease.Dispose();
            throw;
        }
    }

    /// <summary>Bytes.</summary>
    public int Length { get; }

    /// <summary>The bytes, with undefined initial values.</summary>
    public Span<byte> Bytes => _native is null ? _rented.AsSpan(0, Length) : new Span<byte>(_native, Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }

        LargeMemory.Free(_native, (nuint)Length);
        _native = null;
        _lease.Dispose();
    }
}
