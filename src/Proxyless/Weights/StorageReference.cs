namespace Proxyless.Weights;

/// <summary>What a pickle says about one of PyTorch's storages.</summary>
/// <param name="Key">Its key in the file.</param>
/// <param name="Type">
/// The type of its numbers; null: bytes, whose type each tensor states, or a type that is not supported.
/// </param>
/// <param name="Bytes">Bytes of a number; null: of a type whose size is not known.</param>
/// <param name="Count">How many numbers there are.</param>
/// <param name="ViewOffset">The first of them, if this is a part of the storage.</param>
internal sealed record StorageReference(string Key, NumberType? Type, int? Bytes, long Count, long ViewOffset)
{
    private static readonly Dictionary<string, NumberType> Types = new()
    {
        ["FloatStorage"] = NumberType.Float32,
        ["HalfStorage"] = NumberType.Float16,
        ["BFloat16Storage"] = NumberType.BFloat16,
        ["DoubleStorage"] = NumberType.Float64,
        ["LongStorage"] = NumberType.Int64,
        ["IntStorage"] = NumberType.Int32,
        ["ShortStorage"] = NumberType.Int16,
        ["CharStorage"] = NumberType.Int8,
        ["ByteStorage"] = NumberType.UInt8,
        ["BoolStorage"] = NumberType.Bool,
        ["float32"] = NumberType.Float32,
        ["float16"] = NumberType.Float16,
        ["bfloat16"] = NumberType.BFloat16,
        ["float64"] = NumberType.Float64,
        ["int64"] = NumberType.Int64,
        ["int32"] = NumberType.Int32,
        ["int16"] = NumberType.Int16,
        ["int8"] = NumberType.Int8,
        ["uint8"] = NumberType.UInt8,
        ["bool"] = NumberType.Bool,
    };

    // Of types that are not read, so that other storages behind them are found.
    private static readonly Dictionary<string, int> Sizes = new()
    {
        ["UntypedStorage"] = 1,
        ["ComplexFloatStorage"] = 8,
        ["ComplexDoubleStorage"] = 16,
        ["QInt8Storage"] = 1,
        ["QUInt8Storage"] = 1,
        ["QInt32Storage"] = 4,
        ["QUInt4x2Storage"] = 1,
        ["QUInt2x4Storage"] = 1,
    };

    /// <summary>The type of a class of storages or of a dtype; null if it is not supported.</summary>
    public static NumberType? TypeOf(string name) => Types.GetValueOrDefault(LastOf(name));

    /// <summary>The storage that a reference names; null if it names something else.</summary>
    public static StorageReference? Of(PickleReference reference)
    {
        if (
            reference.Id is not PickleTuple { Items: ["storage", PickleName type, string key, _, long count, ..] } id
            || count < 0
        )
        {
            return null;
        }

        NumberType? known = TypeOf(type.Text);
        int? bytes = known?.Bytes;
        if (bytes is null && Sizes.TryGetValue(LastOf(type.Text), out int size))
        {
            bytes = size;
        }

        // The legacy format may refer to a part of a storage: its key, the first number, how many.
        return
            id.Items is [_, _, _, _, _, PickleTuple { Items: [_, long offset, long part] }, ..]
            && offset >= 0
            && part >= 0
            ? new StorageReference(key, known, bytes, part, offset)
            : new StorageReference(key, known, bytes, count, 0);
    }

    private static string LastOf(string name) => name.Split('.')[^1];
}
