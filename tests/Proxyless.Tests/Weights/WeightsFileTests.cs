using System.IO.Compression;
using System.Text;
using Proxyless.Tests.Data;
using Proxyless.Tests.Fuzz;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Pretrained;
using Proxyless.Weights;
using Xunit;

namespace Proxyless.Tests.Weights;

public sealed class WeightsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Files of PyTorch, torchvision, timm, Once-for-all and the ProxylessNAS authors against what Python's own
    /// unpickler finds in them: tensors, numbers, their sum and the sum of their squares.
    /// </summary>
    [Theory]
    [InlineData("efficientnet-lite0-57934424.pth", 296, 4694073, 425663.2450015556, 31265878.23879625)]
    [InlineData("efficientnet-lite1-77cc7160.pth", 386, 5470408, 519361.50847810245, 39535263.83894314)]
    [InlineData("ofa-proxyless-w0.35-half.pth", 446, 623303, 18002.642270207405, 38191.08412922652)]
    [InlineData("ofa-proxyless-w0.35-legacy.pth", 446, 623303, 18002.638217134318, 38191.0957732884)]
    [InlineData("ofa-subnet-2.pth", 314, 271558, 9110.759075126116, 17952.08271109652)]
    [InlineData("proxyless-thin-checkpoint.pth.tar", 368, 250423, 8920.897214744882, 19126.748496697717)]
    [InlineData("proxyless-thin-legacy.pth", 368, 250423, 8920.897214744882, 19126.748496697717)]
    [InlineData("timm-efficientnet_lite0.pth", 296, 3541173, 43523.45568832288, 124161.60905638222)]
    [InlineData("timm-fbnetc_100.pth", 392, 3830133, 33826.463767409325, 115223.92485165934)]
    [InlineData("timm-mnasnet_100.pth", 314, 3268384, 28890.952999007623, 93731.87917987771)]
    [InlineData("torchvision-mobilenet_v2.pth", 314, 2386136, 34173.10271558712, 74255.07862639129)]
    public void Published_files_are_read_to_the_last_number(
        string name,
        int tensors,
        int numbers,
        double sum,
        double squares
    )
    {
        WeightsFile file = WeightsFile.Read(SharedData.Path(Path.Combine("pretrained", name)));
        float[] values = [.. file.Tensors.Values.SelectMany(tensor => tensor.Values)];
        Assert.Equal(tensors, file.Tensors.Count);
        Assert.Equal(numbers, values.Length);
        Assert.Equal(sum, values.Sum(value => (double)value), 1e-9 * squares);
        Assert.Equal(squares, values.Sum(value => (double)value * value), 1e-9 * squares);
        Assert.Empty(file.Unread);
        Assert.All(
            file.Tensors.Values,
            tensor => Assert.Equal(tensor.Values.Length, tensor.Shape.Aggregate(1L, (product, side) => product * side))
        );
    }

    [Fact]
    public void A_checkpoint_and_a_bare_file_of_one_network_hold_the_same()
    {
        WeightsFile legacy = Published("proxyless-thin-legacy.pth");
        WeightsFile checkpoint = Published("proxyless-thin-checkpoint.pth.tar");
        Assert.Equal("state_dict", checkpoint.StateDict);
        Assert.Equal(legacy.Tensors.Keys.Order(), checkpoint.Tensors.Keys.Order());
        Assert.All(
            legacy.Tensors,
            pair =>
            {
                Assert.Equal(pair.Value.Shape, checkpoint.Tensors[pair.Key].Shape);
                Assert.Equal(pair.Value.Values, checkpoint.Tensors[pair.Key].Values);
            }
        );
    }

    [Theory]
    [InlineData("timm-mobilenetv2_100.safetensors", "conv_stem.weight", 32)]
    [InlineData("timm-spnasnet_100.safetensors", "conv_stem.weight", 32)]
    [InlineData("timm-tf_efficientnet_lite0.safetensors", "conv_stem.weight", 32)]
    public void Half_precision_in_safetensors_becomes_single(string name, string tensor, int width)
    {
        WeightTensor stem = Published(name).Tensors[tensor];
        Assert.Equal([width, 3, 3, 3], stem.Shape);
        Assert.All(stem.Values, value => Assert.InRange(value, -10f, 10f));
        Assert.Contains(stem.Values, value => Math.Abs(value) > 0.01f);
    }

    [Fact]
    public void A_wrapper_before_all_names_is_taken_off() =>
        Assert.Contains("conv_stem.weight", Published("timm-efficientnet_lite0.pth").Tensors.Keys);

    [Theory]
    [InlineData("_orig_mod.module.")]
    [InlineData("module._orig_mod.")]
    [InlineData("module.module.")]
    public void Wrappers_within_each_other_are_taken_off(string wrappers)
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ($"{wrappers}w", value => value.Tensor("0", [2])),
                ($"{wrappers}module.b", value => value.Tensor("0", [1]))
            )
        );
        WeightsFile file = Read(PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24))));
        Assert.Equal(["module.b", "w"], file.Tensors.Keys.Order());
    }

    /// <summary>PyTorch's AveragedModel, as torchvision's references save it beside the model.</summary>
    [Theory]
    [InlineData("module.")]
    [InlineData("module.module.")]
    public void An_average_is_taken_without_its_count_and_its_wrapper(string wrappers)
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("model", value => value.Dictionary(("c.w", inner => inner.Tensor("0", [2])))),
                (
                    "model_ema",
                    value =>
                        value.Dictionary(
                            ("n_averaged", inner => inner.Tensor("1", [], count: 1, type: "LongStorage")),
                            ($"{wrappers}c.w", inner => inner.Tensor("0", [2], offset: 2))
                        )
                )
            )
        );
        WeightsFile file = Read(
            PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)), ("1", BitConverter.GetBytes(7L)))
        );
        Assert.Equal("model_ema", file.StateDict);
        KeyValuePair<string, WeightTensor> only = Assert.Single(file.Tensors);
        Assert.Equal("c.w", only.Key);
        Assert.Equal([2, 3], only.Value.Values);
    }

    [Fact]
    public void A_number_beside_a_wrapped_network_keeps_its_name()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("module.w", value => value.Tensor("0", [2])),
                ("module.scale", value => value.Tensor("0", [1])),
                ("scale", value => value.Tensor("0", [], offset: 5)),
                ("temperature", value => value.Tensor("0", [], offset: 6))
            )
        );
        IReadOnlyDictionary<string, WeightTensor> tensors = Read(
            PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)))
        ).Tensors;
        Assert.Equal(["scale", "temperature", "w"], tensors.Keys.Order());
        Assert.Equal([0], tensors["scale"].Values);
        Assert.Equal([6], tensors["temperature"].Values);
    }

    /// <summary>An average of the parameters alone is no network: the statistics of batch norm are elsewhere.</summary>
    [Fact]
    public void A_state_dict_with_statistics_is_preferred_to_an_average_without()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("ema", value => value.Dictionary(("c.weight", inner => inner.Tensor("0", [2])))),
                (
                    "model",
                    value =>
                        value.Dictionary(
                            ("c.weight", inner => inner.Tensor("0", [2], offset: 2)),
                            ("n.running_mean", inner => inner.Tensor("0", [2]))
                        )
                )
            )
        );
        byte[] file = PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)));
        Assert.Equal("model", Read(file).StateDict);
        Assert.Equal(["model", "ema"], Read(file).StateDicts);
        Assert.Equal([2, 3], Read(file).Tensors["c.weight"].Values);
        Assert.Equal([0, 1], Read(file, "ema").Tensors["c.weight"].Values);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Strides_offsets_and_shared_storages_are_followed(bool isLegacy)
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("packed", value => value.Tensor("7", [2, 3])),
                ("transposed", value => value.Tensor("7", [3, 2], strides: [1, 3], offset: 6)),
                ("single", value => value.Tensor("7", [], offset: 23)),
                ("nothing", value => value.Tensor("7", [0, 5]))
            )
        );
        IReadOnlyDictionary<string, WeightTensor> tensors = Read(
            isLegacy
                ? PyTorchFiles.Legacy(pickle, ("7", PyTorchFiles.Counting(24)))
                : PyTorchFiles.Zip(pickle, ("7", PyTorchFiles.Counting(24)))
        ).Tensors;
        Assert.Equal([0, 1, 2, 3, 4, 5], tensors["packed"].Values);
        Assert.Equal([2, 3], tensors["packed"].Shape);
        Assert.Equal([6, 9, 7, 10, 8, 11], tensors["transposed"].Values);
        Assert.Equal([23], tensors["single"].Values);
        Assert.Empty(tensors["single"].Shape);
        Assert.Empty(tensors["nothing"].Values);
    }

    /// <summary>Its tensors are left out; in the format before the archives it stands before other storages.</summary>
    [Theory]
    [InlineData("QUInt8Storage", 1)]
    [InlineData("QInt32Storage", 4)]
    [InlineData("ComplexFloatStorage", 8)]
    [InlineData("ComplexDoubleStorage", 16)]
    public void A_storage_of_a_type_that_is_not_read_is_skipped(string type, int bytesOfNumber)
    {
        WeightsFile file = Read(WithUnread(type, bytesOfNumber));
        Assert.Equal([0, 1], file.Tensors["w"].Values);
        Assert.Equal(["other"], file.Unread.Keys);
    }

    [Fact]
    public void A_storage_of_a_type_that_is_not_known_is_refused()
    {
        var refused = Assert.Throws<InvalidInputException>(() => Read(WithUnread("SomeStorage", 4)));
        Assert.Contains("storage 1 is of a type that is not read", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HalfStorage", new byte[] { 0x00, 0x3e, 0x00, 0xc4 }, new[] { 1.5f, -4f })]
    [InlineData("BFloat16Storage", new byte[] { 0xc0, 0x3f, 0x80, 0xc0 }, new[] { 1.5f, -4f })]
    [InlineData(
        "DoubleStorage",
        new byte[] { 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0x10, 0xc0 },
        new[] { 1.5f, -4f }
    )]
    [InlineData(
        "LongStorage",
        new byte[] { 7, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
        new[] { 7f, -1f }
    )]
    [InlineData("IntStorage", new byte[] { 7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff }, new[] { 7f, -1f })]
    [InlineData("ShortStorage", new byte[] { 7, 0, 0xff, 0xff }, new[] { 7f, -1f })]
    [InlineData("CharStorage", new byte[] { 7, 0xff }, new[] { 7f, -1f })]
    [InlineData("ByteStorage", new byte[] { 7, 0xff }, new[] { 7f, 255f })]
    [InlineData("BoolStorage", new byte[] { 0, 1 }, new[] { 0f, 1f })]
    public void Numbers_of_every_type_become_single_precision(string type, byte[] bytes, float[] expected)
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(("x", value => value.Tensor("0", [2], count: 2, type: type)))
        );
        Assert.Equal(expected, Read(PyTorchFiles.Zip(pickle, ("0", bytes))).Tensors["x"].Values);
    }

    [Fact]
    public void Of_several_state_dicts_the_moving_average_is_taken_unless_another_is_asked_for()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("epoch", value => value.Number(3)),
                ("optimizer", value => value.Dictionary(("param_groups", inner => inner.Code(']')))),
                ("model", value => value.Dictionary(("w", inner => inner.Tensor("0", [1], offset: 1)))),
                ("state_dict", value => value.Dictionary(("w", inner => inner.Tensor("0", [1], offset: 2)))),
                ("state_dict_ema", value => value.Dictionary(("w", inner => inner.Tensor("0", [1], offset: 3))))
            )
        );
        byte[] file = PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)));
        Assert.Equal([3], Read(file).Tensors["w"].Values);
        Assert.Equal("state_dict_ema", Read(file).StateDict);
        Assert.Equal(["state_dict_ema", "state_dict", "model"], Read(file).StateDicts);
        Assert.Equal([1], Read(file, "model").Tensors["w"].Values);
        var refused = Assert.Throws<InvalidInputException>(() => Read(file, "weights"));
        Assert.Contains("'state_dict_ema', 'state_dict', 'model'", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>PyTorch's ImageNet example saves its best accuracy as a tensor.</summary>
    [Fact]
    public void A_tensor_beside_a_state_dict_is_none_of_its_weights()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("epoch", value => value.Number(3)),
                ("state_dict", value => value.Dictionary(("w", inner => inner.Tensor("0", [2])))),
                ("best_acc1", value => value.Tensor("0", [], offset: 5))
            )
        );
        byte[] file = PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)));
        foreach (string? wanted in (string?[])[null, "state_dict"])
        {
            WeightsFile read = Read(file, wanted);
            Assert.Equal("state_dict", read.StateDict);
            Assert.Equal(["state_dict"], read.StateDicts);
            Assert.Equal([0, 1], Assert.Single(read.Tensors).Value.Values);
        }

        Assert.Equal([5], Assert.Single(Read(file, "").Tensors).Value.Values);
        var refused = Assert.Throws<InvalidInputException>(() => Read(file, "model"));
        Assert.Contains("'state_dict', '' (the file itself)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_dict_under_two_names_is_found_under_both()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("model", value => value.Dictionary(("w", inner => inner.Tensor("0", [2]))).Code('q').Code(1)),
                ("model_ema", value => value.Code('h').Code(1))
            )
        );
        byte[] file = PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)));
        Assert.Equal("model_ema", Read(file).StateDict);
        Assert.Equal(["model", "model_ema"], Read(file).StateDicts.Order());
        Assert.Equal([0, 1], Assert.Single(Read(file, "model").Tensors).Value.Values);
    }

    [Fact]
    public void A_few_tensors_within_a_state_dict_are_a_part_of_it()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("model.extra", value => value.Dictionary(("scale", inner => inner.Tensor("0", [], offset: 5)))),
                ("model.w", value => value.Tensor("0", [2])),
                ("model.b", value => value.Tensor("0", [1]))
            )
        );
        byte[] file = PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)));
        Assert.Equal("", Read(file).StateDict);
        Assert.Equal(["model.b", "model.w"], Read(file).Tensors.Keys.Order());
        Assert.Equal([""], Read(file).StateDicts);
        Assert.Equal([5], Read(file, "model.extra").Tensors["scale"].Values);
    }

    [Fact]
    public void Nothing_that_a_pickle_names_is_called_and_what_is_not_understood_is_listed()
    {
        string witness = Path.Combine(_folder.Root, "called");
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("w", value => value.Tensor("0", [2])),
                ("evil", value => value.Call("os", "system", word => word.Text($"touch '{witness}'"))),
                ("scalar", value => value.Call("numpy.core.multiarray", "scalar", word => word.Text("f8"))),
                ("epoch", value => value.Number(3))
            )
        );
        WeightsFile file = Read(PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24))));
        Assert.Equal([0, 1], file.Tensors["w"].Values);
        Assert.Equal("os.system", file.Unread["evil"]);
        Assert.Equal("numpy.core.multiarray.scalar", file.Unread["scalar"]);
        Assert.Equal("no tensor", file.Unread["epoch"]);
        Assert.False(File.Exists(witness));
    }

    [Fact]
    public void Parameters_and_tensors_of_raw_bytes_are_tensors()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                (
                    "parameter",
                    value =>
                        value.Call(
                            "torch._utils",
                            "_rebuild_parameter",
                            inner => inner.Tensor("0", [2]),
                            inner => inner.Code(0x88),
                            inner => inner.Call("collections", "OrderedDict")
                        )
                ),
                (
                    "raw",
                    value =>
                        value.Call(
                            "torch._utils",
                            "_rebuild_tensor_v3",
                            inner => inner.Storage("0", 96, "UntypedStorage"),
                            inner => inner.Number(22),
                            inner => inner.Numbers(2),
                            inner => inner.Numbers(1),
                            inner => inner.Code(0x89),
                            inner => inner.Call("collections", "OrderedDict"),
                            inner => inner.Name("torch", "float32")
                        )
                )
            )
        );
        WeightsFile file = Read(PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24))));
        Assert.Equal([0, 1], file.Tensors["parameter"].Values);
        Assert.Equal([22, 23], file.Tensors["raw"].Values);
    }

    public static TheoryData<string, byte[], string> Refused =>
        new()
        {
            {
                "a whole model",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                        writer.Call("torchvision.models.mobilenetv2", "MobileNetV2").Dictionary().Code('b')
                    )
                ),
                "torch.save(model.state_dict(), FILE)"
            },
            {
                "no tensors",
                PyTorchFiles.Zip(PickleWriter.Of(writer => writer.Dictionary(("epoch", value => value.Number(3))))),
                "no tensors by name"
            },
            {
                "a TorchScript program",
                PyTorchFiles.Zip(
                    CompressionLevel.NoCompression,
                    ("data.pkl", PickleWriter.Of(writer => writer.Code('N'))),
                    ("code/__torch__.py", [1])
                ),
                "TorchScript"
            },
            {
                "big-endian numbers",
                PyTorchFiles.Zip(
                    CompressionLevel.NoCompression,
                    ("data.pkl", OneTensor(24)),
                    ("data/0", PyTorchFiles.Counting(24)),
                    ("byteorder", Encoding.ASCII.GetBytes("big"))
                ),
                "big-endian"
            },
            {
                "a compressed archive",
                PyTorchFiles.Zip(CompressionLevel.Optimal, ("data.pkl", OneTensor(1000)), ("data/0", new byte[4000])),
                "is compressed"
            },
            { "a tensor beyond its storage", PyTorchFiles.Zip(OneTensor(25), ("0", new byte[96])), "beyond the 24" },
            { "a storage that is too short", PyTorchFiles.Zip(OneTensor(24), ("0", new byte[92])), "holds 23 numbers" },
            {
                "a storage that ends within a number",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                        writer.Dictionary(("x", value => value.Tensor("0", [2, 2], strides: [1, 2], count: 4)))
                    ),
                    ("0", new byte[18])
                ),
                "storage 0 has 18 bytes"
            },
            { "a storage that is missing", PyTorchFiles.Zip(OneTensor(24)), "storage 0 is missing" },
            {
                "a view that repeats its numbers",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                        writer.Dictionary(("x", value => value.Tensor("0", [1000, 1000], strides: [0, 0])))
                    ),
                    ("0", PyTorchFiles.Counting(24))
                ),
                "beyond the 24 numbers"
            },
            {
                "tensors that share a storage a thousand times",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                        writer.Dictionary([
                            .. Enumerable
                                .Range(0, 1000)
                                .Select(i =>
                                    (
                                        $"{i}",
                                        (Action<PickleWriter>)(value => value.Tensor("0", [100_000], count: 100_000))
                                    )
                                ),
                        ])
                    ),
                    ("0", new byte[400_000])
                ),
                "times as much memory"
            },
            {
                "a tensor of more sides than there are",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                        writer.Dictionary(("x", value => value.Tensor("0", [.. Enumerable.Repeat(1, 65)])))
                    ),
                    ("0", PyTorchFiles.Counting(24))
                ),
                "shape, strides and offset"
            },
            {
                "a tensor with a name without end",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                        writer.Dictionary((new string('x', 2_000), value => value.Tensor("0", [1])))
                    ),
                    ("0", PyTorchFiles.Counting(24))
                ),
                "has 2000 letters"
            },
            {
                "a class with a name without end",
                PyTorchFiles.Zip(PickleWriter.Of(writer => writer.Name("torch", new string('x', 2_000)))),
                "a name of a class"
            },
            {
                "a list that is walked again and again",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                    {
                        writer.Code(']').Code('q').Code(0).Code('(');
                        for (int i = 0; i < 2_000; i++)
                        {
                            writer.Code('N');
                        }

                        writer.Code('e');
                        for (int i = 0; i < 1_000; i++)
                        {
                            writer.Call("collections", "OrderedDict", list => list.Code('h').Code(0)).Code('0');
                        }
                    })
                ),
                "more than 1000000 values"
            },
            { "an empty file", [], "neither a safetensors file nor one that torch.save wrote" },
            { "a text", [.. "weights of a network"u8], "give such a file (.safetensors, .pth, .pt) with the weights" },
            { "a pickle of something else", PickleWriter.Of(writer => writer.Number(1)), "none of torch.save" },
            { "a pickle that ends", [0x80, 2, (byte)'}', (byte)'('], "cut short" },
            { "an instruction that does not exist", [0x80, 2, 0xff], "0xff" },
            {
                "values without end",
                PyTorchFiles.Zip([0x80, 2, .. Enumerable.Repeat((byte)']', 2_000_000), (byte)'.']),
                "more than 1000000 values"
            },
            {
                "a stack without end",
                PyTorchFiles.Zip([0x80, 2, .. Enumerable.Repeat((byte)'N', 2_000_000), (byte)'.']),
                "more than 1000000 values"
            },
            {
                "marks without end",
                PyTorchFiles.Zip([0x80, 2, .. Enumerable.Repeat((byte)'(', 2_000_000), (byte)'.']),
                "more than 1000000 values"
            },
            {
                "state dicts without end",
                PyTorchFiles.Zip(
                    PickleWriter.Of(writer =>
                    {
                        writer.Tensor("0", [1]).Code('q').Code(0).Code('0').Code('}').Code('(');
                        for (int i = 0; i <= 10_000; i++)
                        {
                            writer.Text("x").Code('}').Text("w").Code('h').Code(0).Code('s');
                        }

                        writer.Code('u');
                    }),
                    ("0", PyTorchFiles.Counting(24))
                ),
                "more than 10000 sets of tensors"
            },
            { "storages that overlap", Overlapping(), "overlap" },
            {
                "a tensor of no place in safetensors",
                ContainerMutator.SafeTensors("""{"x":{"dtype":"F32","shape":[1]}}""", new byte[4]),
                "'x' has no 'data_offsets'"
            },
            {
                "a tensor of no type in safetensors",
                ContainerMutator.SafeTensors("""{"x":{"shape":[1],"data_offsets":[0,4]}}""", new byte[4]),
                "'x' has no 'dtype'"
            },
            {
                "a number for a tensor in safetensors",
                ContainerMutator.SafeTensors("""{"x":3}""", new byte[4]),
                "'x' has no 'data_offsets'"
            },
            {
                "a name without end in safetensors",
                ContainerMutator.SafeTensors(
                    $$$"""{"{{{new string('x', 2_000)}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""",
                    new byte[4]
                ),
                "has 2000 letters"
            },
            {
                "more sides than there are in safetensors",
                ContainerMutator.SafeTensors(
                    """{"x":{"dtype":"F32","shape":[SIDES],"data_offsets":[0,4]}}""".Replace(
                        "SIDES",
                        string.Join(',', Enumerable.Repeat(1, 65)),
                        StringComparison.Ordinal
                    ),
                    new byte[4]
                ),
                "has 65 sides"
            },
            {
                "an archive of something else",
                PyTorchFiles.Zip(CompressionLevel.NoCompression, ("x", [1])),
                "data.pkl"
            },
        };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void What_cannot_be_read_is_refused_with_its_reason(string what, byte[] file, string reason)
    {
        var exception = Assert.Throws<InvalidInputException>(() => Read(file));
        Assert.True(
            exception.Message.Contains(reason, StringComparison.Ordinal),
            $"{what}: '{exception.Message}' lacks '{reason}'"
        );
        Assert.EndsWith("weights", exception.File, StringComparison.Ordinal);
    }

    /// <summary>
    /// Many small tensors of large storages, in turn: the file is read once, and only their numbers are converted.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reading_takes_memory_for_the_numbers_of_the_file_alone(bool isLegacy)
    {
        const int Count = 1_000_000;
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary([
                .. Enumerable
                    .Range(0, 200)
                    .Select(i =>
                        (
                            $"w{i}",
                            (Action<PickleWriter>)(
                                value => value.Tensor($"{i % 2}", [2], strides: [Count - 1], count: Count)
                            )
                        )
                    ),
            ])
        );
        (string, byte[])[] storages = [("0", PyTorchFiles.Counting(Count)), ("1", new byte[Count * sizeof(float)])];
        byte[] bytes = isLegacy ? PyTorchFiles.Legacy(pickle, storages) : PyTorchFiles.Zip(pickle, storages);
        long before = GC.GetAllocatedBytesForCurrentThread();
        WeightsFile file = Read(bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5L * bytes.Length);
        Assert.Equal([0, Count - 1], file.Tensors["w198"].Values);
        Assert.Equal([0, 0], file.Tensors["w199"].Values);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"w{i}"), file.Tensors.Keys);
    }

    /// <summary>As in Python.</summary>
    [Fact]
    public void Of_a_name_that_comes_twice_the_last_value_counts()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("a", value => value.Tensor("0", [1])),
                ("a", value => value.Tensor("0", [1], offset: 5)),
                ("b", value => value.Tensor("0", [1])),
                ("b", value => value.Number(3)),
                ("c", value => value.Number(3)),
                ("c", value => value.Tensor("0", [1], offset: 7))
            )
        );
        WeightsFile file = Read(PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24))));
        Assert.Equal([5], file.Tensors["a"].Values);
        Assert.Equal([7], file.Tensors["c"].Values);
        Assert.Equal(["a", "c"], file.Tensors.Keys.Order());
        Assert.Equal(["b"], file.Unread.Keys);
    }

    /// <summary>The file has no blocks for what is not written.</summary>
    [Fact]
    public void A_tensor_of_safetensors_that_no_array_holds_is_refused()
    {
        string path = Large("U8", 2_200_000_000, 1);
        var refused = Assert.Throws<InvalidInputException>(() => WeightsFile.Read(path));
        Assert.Contains("tensor 'x' would have 2200000000 bytes", refused.Message, StringComparison.Ordinal);
        Assert.Equal(path, refused.File);
    }

    [Fact]
    public void A_tensor_that_is_not_read_may_be_of_any_size() =>
        Assert.Equal("C64", WeightsFile.Read(Large("C64", 275_000_000, 8)).Unread["x"]);

    /// <summary>A sparse file with one tensor.</summary>
    private string Large(string type, long count, int size)
    {
        string path = Path.Combine(_folder.Root, "large.safetensors");
        long bytes = count * size;
        string header = $$$"""{"x":{"dtype":"{{{type}}}","shape":[{{{count}}}],"data_offsets":[0,{{{bytes}}}]}}""";
        byte[] start = ContainerMutator.SafeTensors(header, []);
        using FileStream stream = File.Create(path);
        stream.Write(start);
        stream.SetLength(start.Length + bytes);
        return path;
    }

    [Fact]
    public void A_model_is_refused_in_favor_of_what_it_was_made_from()
    {
        string model = Path.Combine(_folder.Root, "model.onnx");
        File.WriteAllBytes(model, [8, 8, 18, 9, .. "proxyless"u8]);
        var exception = Assert.Throws<InvalidInputException>(() => WeightsFile.Read(model));
        Assert.EndsWith(
            "with the weights, such as the one that this model was made from",
            exception.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(model, exception.File);
    }

    [Fact]
    public void A_folder_is_refused_as_one()
    {
        var exception = Assert.Throws<InvalidInputException>(() => WeightsFile.Read(_folder.Root));
        Assert.Contains("is a folder", exception.Message, StringComparison.Ordinal);
        Assert.Equal(_folder.Root, exception.File);
    }

    /// <summary>The length of the header stands first, here like the beginning of a pickle or an archive.</summary>
    [Theory]
    [InlineData(128)]
    [InlineData(384)]
    [InlineData(29568)]
    [InlineData(19280)]
    public void Safetensors_are_known_whatever_the_length_of_their_header(int length)
    {
        string header = """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""".PadRight(length);
        Assert.Equal([0], Read(ContainerMutator.SafeTensors(header, new byte[4])).Tensors["x"].Values);
    }

    [Fact]
    public void A_tensor_of_safetensors_of_a_type_that_is_not_read_is_left_out()
    {
        string other = """{"dtype":"C64","shape":[1],"data_offsets":[0,8]}""";
        string header = $$$"""{"q":{{{other}}},"x":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""";
        WeightsFile file = Read(ContainerMutator.SafeTensors(header, new byte[12]));
        Assert.Equal([0], file.Tensors["x"].Values);
        Assert.Equal("C64", file.Unread["q"]);
    }

    /// <summary>What others call so is a checksum of something else, such as of the numbers alone.</summary>
    [Fact]
    public void A_checksum_of_others_says_nothing_of_a_file()
    {
        string header = """{"__metadata__":{"sha256":"0123"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";
        Assert.Equal([0], Read(ContainerMutator.SafeTensors(header, new byte[4])).Tensors["x"].Values);
    }

    /// <summary>A file of ours that is given as weights.</summary>
    [Fact]
    public void Our_own_checksum_is_verified()
    {
        string file = Path.Combine(_folder.Root, "own.safetensors");
        WeightsOfOthers.Write(file, SmallSpace.Network(1, 0, 2), []);
        byte[] bytes = File.ReadAllBytes(file);
        Assert.NotEmpty(Read(bytes).Tensors);
        bytes[^1] ^= 1;
        var refused = Assert.Throws<InvalidInputException>(() => Read(bytes));
        Assert.Contains("does not match its checksum", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_behind_the_last_tensor_of_safetensors_are_refused()
    {
        string header = """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";
        Assert.Equal([0], Read(ContainerMutator.SafeTensors(header, new byte[4])).Tensors["x"].Values);
        var refused = Assert.Throws<InvalidInputException>(() =>
            Read(ContainerMutator.SafeTensors(header, new byte[7]))
        );
        Assert.Contains("3 bytes follow its last tensor", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_contain_each_other_in_circles_are_no_trouble()
    {
        // d = {}; d["self"] = d; d["w"] = tensor; d["list"] = l where l = [l].
        byte[] pickle = PickleWriter.Of(writer =>
        {
            writer.Code('}').Code('q').Code(0);
            writer.Code('(').Text("self").Code('h').Code(0);
            writer.Text("list").Code(']').Code('q').Code(1).Code('h').Code(1).Code('a');
            writer.Text("inner").Code('}').Code('q').Code(2).Code('(').Text("outer").Code('h').Code(0).Code('u');
            writer.Text("weights").Dictionary(("w", value => value.Tensor("0", [2])));
            writer.Code('u');
        });
        WeightsFile file = Read(PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24))));
        Assert.Equal([0, 1], file.Tensors["w"].Values);
    }

    [Fact]
    public void A_dictionary_that_holds_itself_is_one_state_dict()
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer
                .Code('}')
                .Code('q')
                .Code(0)
                .Code('(')
                .Text("self")
                .Code('h')
                .Code(0)
                .Text("again")
                .Code('h')
                .Code(0)
                .Text("w")
                .Tensor("0", [2])
                .Code('u')
        );
        Assert.Equal([""], Read(PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24)))).StateDicts);
    }

    /// <summary>A legacy file in which a tensor of another type stands before one of single precision.</summary>
    private static byte[] WithUnread(string type, int bytesOfNumber)
    {
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("other", value => value.Tensor("1", [2], count: 2, type: type)),
                ("w", value => value.Tensor("0", [2]))
            )
        );
        (string, byte[], int)[] storages =
        [
            ("1", new byte[2 * bytesOfNumber], bytesOfNumber),
            ("0", PyTorchFiles.Counting(24), sizeof(float)),
        ];
        return PyTorchFiles.Legacy(pickle, storages);
    }

    /// <summary>An archive that lists the bytes of its storage under a second name too.</summary>
    private static byte[] Overlapping()
    {
        byte[] zip = PyTorchFiles.Zip(OneTensor(24), ("0", new byte[4_000]), ("1", []));

        // The places of an entry's sizes in the list at the end, which names the entries in their order.
        const int PackedSize = 20;
        const int Size = 24;
        byte[] mark = [.. "PK\u0001\u0002"u8];
        int second = zip.AsSpan().LastIndexOf(mark);
        BitConverter.GetBytes(4_000).CopyTo(zip, second + PackedSize);
        BitConverter.GetBytes(4_000).CopyTo(zip, second + Size);
        return zip;
    }

    private static byte[] OneTensor(int count) =>
        PickleWriter.Of(writer => writer.Dictionary(("x", value => value.Tensor("0", [count]))));

    private static WeightsFile Published(string name) =>
        WeightsFile.Read(SharedData.Path(Path.Combine("pretrained", name)));

    private WeightsFile Read(byte[] file, string? stateDict = null)
    {
        string path = Path.Combine(_folder.Root, "weights");
        File.WriteAllBytes(path, file);
        return WeightsFile.Read(path, stateDict);
    }
}
