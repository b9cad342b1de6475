using Proxyless.Tests.Weights;
using Proxyless.Weights;

namespace Proxyless.Tests.Fuzz;

/// <summary>Readers of weights that others wrote, and what they are fed with.</summary>
internal static class WeightsFuzz
{
    private const int Deep = 200_000;
    private const int Many = 5_000;

    private static readonly (string Key, byte[] Bytes)[] Storages =
    [
        ("0", PyTorchFiles.Counting(24)),
        ("1", PyTorchFiles.Counting(6)),
    ];

    /// <summary>One for each format.</summary>
    public static IReadOnlyList<FuzzReader> Readers { get; } =
    [
        Reader("PyTorch archive", pickle => PyTorchFiles.Zip(pickle, Storages), [.. CutNumbers()]),
        Reader("PyTorch legacy file", pickle => PyTorchFiles.Legacy(pickle, Storages)),
    ];

    private static FuzzReader Reader(string name, Func<byte[], byte[]> file, params byte[][] hostile) =>
        new(
            name,
            4,
            FuzzSyntax.Binary,
            "weights.pth",
            () => [.. Pickles().Select(file)],
            () => [.. HostilePickles().Select(file), .. HostilePickles(), .. hostile],
            _ => path => WeightsFile.Read(path)
        );

    private static IEnumerable<byte[]> Pickles() =>
        [
            PickleWriter.Of(writer =>
                writer.Dictionary(
                    ("a", value => value.Tensor("0", [4, 6])),
                    ("b", value => value.Tensor("0", [6, 4], strides: [1, 6])),
                    ("c", value => value.Tensor("1", [3], offset: 3, count: 6)),
                    ("epoch", value => value.Number(7))
                )
            ),
            PickleWriter.Of(writer =>
                writer.Dictionary(
                    ("optimizer", value => value.Dictionary(("lr", inner => inner.Number(1)))),
                    ("state_dict", value => value.Dictionary(("w", inner => inner.Tensor("1", [6], count: 6)))),
                    (
                        "ema",
                        value =>
                            value.Dictionary(
                                (
                                    "w",
                                    inner =>
                                        inner.Call(
                                            "torch._utils",
                                            "_rebuild_parameter",
                                            data => data.Tensor("0", [2, 2]),
                                            data => data.Code(0x88)
                                        )
                                )
                            )
                    )
                )
            ),
        ];

    /// <summary>Archives with storages that end within a number.</summary>
    private static IEnumerable<byte[]> CutNumbers() =>
        from length in (int[])[1, 17, 18, 23]
        from strides in (int[][])
            [
                [2, 1],
                [1, 2],
            ]
        let pickle = PickleWriter.Of(writer =>
            writer.Dictionary(("w", value => value.Tensor("0", [2, 2], strides, count: 4)))
        )
        select PyTorchFiles.Zip(pickle, ("0", new byte[length]));

    /// <summary>
    /// Programs that call, that refer to themselves, that are deep, and that tell of more than there is.
    /// </summary>
    private static IEnumerable<byte[]> HostilePickles()
    {
        byte[] length = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];

        // Every instruction where nothing is ready for it, and where a value and a mark are.
        foreach (int code in Enumerable.Range(0, 256))
        {
            yield return [0x80, 2, (byte)code, (byte)'.'];
            yield return [0x80, 2, (byte)'N', (byte)'(', (byte)'N', (byte)code, .. length, .. length, (byte)'.'];
        }

        // Every instruction that calls.
        yield return Calling(writer => writer.Call("os", "system", word => word.Text("touch called")));
        yield return Calling(writer =>
            writer.Name("subprocess", "Popen").Tuple(word => word.Text("touch called")).Code(0x81)
        );
        yield return Calling(writer =>
            writer.Name("builtins", "eval").Tuple(word => word.Text("1")).Dictionary().Code(0x92)
        );
        yield return Calling(writer => writer.Code('(').Name("os", "system").Text("touch called").Code('o'));
        yield return Calling(writer => writer.Code('(').Text("touch called").Code('i').Raw("os\nsystem\n"u8));
        yield return Calling(writer => writer.Text("os").Text("system").Code(0x93).Code(')').Code('R'));
        yield return Calling(writer => writer.Call("builtins", "object").Dictionary().Code('b'));

        // A list and a dictionary that hold themselves, as the state dict and within it.
        yield return [0x80, 2, (byte)']', (byte)'q', 0, (byte)'h', 0, (byte)'a', (byte)'.'];
        yield return PickleWriter.Of(writer =>
            writer.Code('}').Code('q').Code(0).Text("model").Code('h').Code(0).Code('s')
        );

        // A dictionary that holds itself under many names, and a list that is walked many times.
        yield return PickleWriter.Of(writer =>
        {
            writer.Code('}').Code('q').Code(0).Text("x").Code('q').Code(1).Code('0').Code('(');
            for (int i = 0; i < Many; i++)
            {
                writer.Code('h').Code(1).Code('h').Code(0);
            }

            writer.Code('u');
        });
        yield return PickleWriter.Of(writer =>
        {
            writer.Code(']').Code('q').Code(0).Code('(').Raw([.. Enumerable.Repeat((byte)'N', Many)]).Code('e');
            writer.Name("collections", "OrderedDict").Code('q').Code(1).Code('h').Code(0).Code(0x85).Code('q').Code(2);
            for (int i = 0; i < Many; i++)
            {
                writer.Code('h').Code(1).Code('h').Code(2).Code('R').Code('0');
            }
        });

        // Depth: calls in calls, tuples in tuples, dictionaries in dictionaries, marks.
        yield return PickleWriter.Of(writer =>
        {
            writer.Code('}').Text("w").Code('N');
            for (int i = 0; i < Deep; i++)
            {
                writer.Code(0x85).Name("torch._utils", "_rebuild_parameter").Code('0').Code(0x85);
            }

            writer.Code('s');
        });
        yield return PickleWriter.Of(writer =>
        {
            writer.Name("torch._utils", "_rebuild_parameter").Code('q').Code(0).Code('0').Code('N');
            for (int i = 0; i < Deep; i++)
            {
                writer.Code(0x85).Code('q').Code(1).Code('0').Code('h').Code(0).Code('h').Code(1).Code('R');
            }
        });
        yield return [0x80, 2, .. Enumerable.Repeat((byte)'}', Deep), .. Enumerable.Repeat((byte)'(', Deep), (byte)'.'];

        // Lengths and indices of more than there is.
        yield return [0x80, 2, 0x8d, .. length, (byte)'.'];
        yield return [0x80, 2, 0x8e, .. length, (byte)'.'];
        yield return [0x80, 2, 0x8b, .. length[4..], (byte)'.'];
        yield return [0x80, 2, (byte)'X', .. length[..4], (byte)'.'];
        yield return PickleWriter.Of(writer =>
            writer.Dictionary(("w", value => value.Tensor("0", [int.MaxValue, int.MaxValue, int.MaxValue])))
        );
        yield return PickleWriter.Of(writer =>
            writer.Dictionary(("w", value => value.Tensor("0", [2], strides: [int.MaxValue], offset: int.MaxValue)))
        );
        yield return PickleWriter.Of(writer => writer.Dictionary(("w", value => value.Tensor("0", [-1, -1]))));
        yield return PickleWriter.Of(writer =>
            writer.Dictionary(("w", value => value.Tensor("0", [2], count: int.MaxValue)))
        );
    }

    /// <summary>A state dict with a tensor and something else.</summary>
    private static byte[] Calling(Action<PickleWriter> value) =>
        PickleWriter.Of(writer => writer.Dictionary(("w", tensor => tensor.Tensor("0", [2])), ("evil", value)));
}
