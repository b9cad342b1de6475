using System.Runtime.InteropServices;

namespace Proxyless.Weights;

/// <summary>A type of numbers in files of weights, and how its little-endian bytes become single precision.</summary>
internal sealed class NumberType
{
    private readonly Converter _convert;

    private NumberType(string name, int bytes, Converter convert)
    {
        Name = name;
        Bytes = bytes;
        _convert = convert;
    }

    private delegate void Converter(ReadOnlySpan<byte> bytes, Span<float> values);

    /// <summary>IEEE 754 single precision.</summary>
    public static NumberType Float32 { get; } =
        new("F32", 4, (bytes, values) => bytes.CopyTo(MemoryMarshal.AsBytes(values)));

    /// <summary>IEEE 754 half precision.</summary>
    public static NumberType Float16 { get; } = Of<Half>("F16", 2, x => (float)x);

    /// <summary>The upper half of single precision.</summary>
    public static NumberType BFloat16 { get; } =
        Of<ushort>("BF16", 2, x => BitConverter.UInt32BitsToSingle((uint)x << 16));

    /// <summary>IEEE 754 double precision.</summary>
    public static NumberType Float64 { get; } = Of<double>("F64", 8, x => (float)x);

    /// <summary>Integers of 64 bits, such as counts of batches.</summary>
    public static NumberType Int64 { get; } = Of<long>("I64", 8, x => x);

    /// <summary>Integers of 32 bits.</summary>
    public static NumberType Int32 { get; } = Of<int>("I32", 4, x => x);

    /// <summary>Integers of 16 bits.</summary>
    public static NumberType Int16 { get; } = Of<short>("I16", 2, x => x);

    /// <summary>Integers of 8 bits.</summary>
    public static NumberType Int8 { get; } = Of<sbyte>("I8", 1, x => x);

    /// <summary>Bytes.</summary>
    public static NumberType UInt8 { get; } = Of<byte>("U8", 1, x => x);

    /// <summary>0 or 1.</summary>
    public static NumberType Bool { get; } = Of<byte>("BOOL", 1, x => x == 0 ? 0 : 1);

    /// <summary>Every type.</summary>
    public static IReadOnlyList<NumberType> All { get; } =
    [Float32, Float16, BFloat16, Float64, Int64, Int32, Int16, Int8, UInt8, Bool];

    /// <summary>Its name in safetensors files.</summary>
    public string Name { get; }

    /// <summary>Bytes of a number.</summary>
    public int Bytes { get; }

    /// <summary>Converts numbers.</summary>
    /// <param name="bytes">Little-endian, <see cref="Bytes"/> for each value.</param>
    /// <param name="values">Receives them; numbers beyond the range of single precision become infinite.</param>
    public void Convert(ReadOnlySpan<byte> bytes, Span<float> values) => _convert(bytes, values);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static NumberType Of<T>(string name, int size, Func<T, float> convert)
        where T : struct =>
        new(
            name,
            size,
            (bytes, values) =>
            {
                ReadOnlySpan<T> numbers = MemoryMarshal.Cast<byte, T>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = convert(numbers[i]);
                }
            }
        );
}
