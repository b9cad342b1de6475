using System.Buffers.Binary;
using System.Text;

namespace Proxyless.Tests.Weights;

/// <summary>Writes pickles as PyTorch writes them, and others.</summary>
internal sealed class PickleWriter
{
    private readonly MemoryStream _stream = new();

    /// <summary>A pickle of protocol 2.</summary>
    public static byte[] Of(Action<PickleWriter> write)
    {
        var writer = new PickleWriter();
        writer.Code(0x80).Code(2);
        write(writer);
        return [.. writer._stream.ToArray(), (byte)'.'];
    }

    public PickleWriter Code(byte code)
    {
        _stream.WriteByte(code);
        return this;
    }

    public PickleWriter Code(char code) => Code((byte)code);

    public PickleWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        return this;
    }

    public PickleWriter Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return Code('X').Raw(length).Raw(bytes);
    }

    public PickleWriter Number(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return Code('J').Raw(bytes);
    }

    public PickleWriter Name(string module, string name) =>
        Code('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleWriter Tuple(params Action<PickleWriter>[] items)
    {
        Code('(');
        foreach (Action<PickleWriter> item in items)
        {
            item(this);
        }

        return Code('t');
    }

    public PickleWriter Numbers(params int[] numbers) =>
        Tuple([.. numbers.Select(number => (Action<PickleWriter>)(writer => writer.Number(number)))]);

    public PickleWriter Dictionary(params (string Key, Action<PickleWriter> Value)[] items)
    {
        Code('}').Code('(');
        foreach ((string key, Action<PickleWriter> value) in items)
        {
            value(Text(key));
        }

        return Code('u');
    }

    public PickleWriter Call(string module, string name, params Action<PickleWriter>[] arguments) =>
        Name(module, name).Tuple(arguments).Code('R');

    /// <summary>A tensor of a storage.</summary>
    public PickleWriter Tensor(
        string storage,
        int[] shape,
        int[]? strides = null,
        int offset = 0,
        int count = 24,
        string type = "FloatStorage"
    ) =>
        Call(
            "torch._utils",
            "_rebuild_tensor_v2",
            writer => writer.Storage(storage, count, type),
            writer => writer.Number(offset),
            writer => writer.Numbers(shape),
            writer => writer.Numbers(strides ?? Packed(shape)),
            writer => writer.Code(0x89),
            writer => writer.Call("collections", "OrderedDict")
        );

    public PickleWriter Storage(string key, int count, string type, bool isLegacy = false)
    {
        List<Action<PickleWriter>> id =
        [
            writer => writer.Text("storage"),
            writer => writer.Name("torch", type),
            writer => writer.Text(key),
            writer => writer.Text("cpu"),
            writer => writer.Number(count),
        ];
        if (isLegacy)
        {
            id.Add(writer => writer.Code('N'));
        }

        return Tuple([.. id]).Code('Q');
    }

    private static int[] Packed(int[] shape)
    {
        int[] strides = new int[shape.Length];
        int step = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= shape[i];
        }

        return strides;
    }
}
