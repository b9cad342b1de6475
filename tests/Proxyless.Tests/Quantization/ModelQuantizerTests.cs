using Microsoft.ML.OnnxRuntime;
using Proxyless.Architectures;
using Proxyless.Export.Onnx;
using Proxyless.Inference;
using Proxyless.Measurement;
using Proxyless.Quantization;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Quantization;

public sealed class ModelQuantizerTests : IDisposable
{
    private static readonly Dictionary<string, string> NoMetadata = [];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, Activation.Relu6)]
    [InlineData(3, Activation.Relu6)]
    [InlineData(3, Activation.Relu)]
    public void Integers_give_nearly_the_scores_of_floats(int channels, Activation activation)
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(channels, activation);
        ModelQuantizer quantizer = FloatNetwork.Quantizer(floats, images);
        byte[] integers = quantizer.Quantize(new QuantizationSettings(), NoMetadata);
        AnswerComparison comparison = new FloatAnswers(
            floats,
            images,
            1,
            NullRunObserver.Instance,
            Cancellation
        ).Compare(integers, Cancellation);
        Assert.Equal(images.Length, comparison.Images);
        Assert.InRange(comparison.Error, 1e-4, 0.1);
        using OnnxClassifier model = OnnxClassifier.Load(integers, "integers");
        Assert.Equal(5, model.Classes.Count);
    }

    [Fact]
    public void Every_layer_is_computed_with_integers_but_those_that_are_kept()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu6);
        ModelQuantizer quantizer = FloatNetwork.Quantizer(floats, images);
        Dictionary<string, int> all = Operations(quantizer.Quantize(new QuantizationSettings(), NoMetadata));
        int convolutions = quantizer.Model.Layers.Count(layer => layer.Node.OpType == "Conv");
        Assert.Equal(convolutions, all["QLinearConv"]);
        Assert.DoesNotContain("Conv", all.Keys);
        Assert.DoesNotContain("Gemm", all.Keys);
        Assert.DoesNotContain("Add", all.Keys);
        Assert.DoesNotContain("DequantizeLinear", all.Keys);

        IReadOnlySet<string> kept = FloatLayers.Named(quantizer.Model, ["stem", "block2", "classifier"]);
        Assert.Equal(["stem", "block2.expand", "block2.depthwise", "block2.project", "block2.sum", "classifier"], kept);
        Dictionary<string, int> some = Operations(
            quantizer.Quantize(new QuantizationSettings { InFloat = kept }, NoMetadata)
        );
        Assert.Equal(convolutions - 4, some["QLinearConv"]);

        // Runtimes give convolutions that they have fused with what follows another name.
        Assert.Equal(4, some.Where(one => one.Key is "Conv" or "FusedConv").Sum(one => one.Value));
    }

    [Fact]
    public void A_model_of_which_all_layers_are_kept_is_the_model_of_floats()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu6);
        ModelQuantizer quantizer = FloatNetwork.Quantizer(floats, images);
        byte[] kept = quantizer.Quantize(
            new QuantizationSettings { InFloat = quantizer.Model.Layers.Select(layer => layer.Name).ToHashSet() },
            NoMetadata
        );
        Assert.Equal(
            0,
            new FloatAnswers(floats, images, 1, NullRunObserver.Instance, Cancellation)
                .Compare(kept, Cancellation)
                .Error,
            1e-6
        );
    }

    /// <summary>The integers of a runtime, against the same rounded numbers computed as floats.</summary>
    [Fact]
    public void Fused_integer_layers_compute_what_the_file_says()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu6);
        byte[] integers = FloatNetwork
            .Quantizer(floats, images)
            .Quantize(new QuantizationSettings { WeightBits = QuantizationSettings.BitsWhereSaturated }, NoMetadata);
        using var fused = new OnnxProbe(integers, 1, optimized: true);
        using var apart = new OnnxProbe(integers, 1, optimized: false);
        var comparison = new AnswerComparison();
        foreach (float[] image in images)
        {
            comparison.Add(
                FloatAnswers.Answer(apart, image, Cancellation),
                FloatAnswers.Answer(fused, image, Cancellation),
                label: null
            );
        }

        // Only where a number is halfway between two integers, and what follows from that.
        Assert.InRange(comparison.Error, 0, 0.02);
    }

    [Fact]
    public void Corrected_biases_take_the_mean_error_out_of_the_scores()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu6);
        ModelQuantizer quantizer = FloatNetwork.Quantizer(floats, images);
        double ErrorOfMean(bool corrects)
        {
            // Few bits, so that there is an error.
            byte[] integers = quantizer.Quantize(
                new QuantizationSettings { CorrectsBiases = corrects, WeightBits = 3 },
                NoMetadata
            );
            using var first = new OnnxProbe(floats, 1, optimized: true);
            using var second = new OnnxProbe(integers, 1, optimized: true);
            return Enumerable
                .Range(0, 5)
                .Sum(output =>
                    Math.Abs(
                        images.Average(image =>
                            FloatAnswers.Answer(first, image, Cancellation)[output]
                            - FloatAnswers.Answer(second, image, Cancellation)[output]
                        )
                    )
                );
        }

        double without = ErrorOfMean(false);
        Assert.InRange(ErrorOfMean(true), 0, 0.6 * without);
    }

    [Fact]
    public void Noise_grows_from_layer_to_layer_and_is_none_where_nothing_is_rounded()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu6);
        ModelQuantizer quantizer = FloatNetwork.Quantizer(floats, images);
        HashSet<string> kept = ["stem", "block0.depthwise"];
        byte[] integers = quantizer.Quantize(new QuantizationSettings { InFloat = kept }, NoMetadata);
        IReadOnlyList<LayerNoise> layers = LayerNoise.Of(
            quantizer.Model,
            integers,
            kept,
            images,
            1,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal("stem", layers[0].Name);
        Assert.False(layers[0].IsInteger);
        Assert.Equal("classifier", layers[^1].Name);
        Assert.True(layers[^1].IsInteger);
        Assert.All(layers.Take(2), layer => Assert.InRange(layer.SignalToNoiseDb, 90, 200));
        Assert.All(layers.Skip(2), layer => Assert.InRange(layer.SignalToNoiseDb, 10, 70));
    }

    [Fact]
    public void What_cannot_be_quantized_is_refused_by_name()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu6);
        byte[] integers = FloatNetwork.Quantizer(floats, images).Quantize(new QuantizationSettings(), NoMetadata);
        AssertRefused("photo.onnx' is an integer model already", integers);
        AssertRefused("photo.onnx' is not an ONNX model", [1, 2, 3]);
        AssertRefused("photo.onnx' is not an ONNX model", []);
        ModelProto other = ModelProto.Parser.ParseFrom(floats);
        other.Graph.Node[^1].OpType = "MatMul";
        AssertRefused("photo.onnx' has the operation MatMul ('logits')", Bytes(other));
        other = ModelProto.Parser.ParseFrom(floats);
        other.Graph.Initializer.Remove(other.Graph.Initializer.Single(tensor => tensor.Name == "stem.weight"));
        AssertRefused("float32 for layer 'stem'", Bytes(other));
        other = ModelProto.Parser.ParseFrom(floats);
        TensorProto weight = other.Graph.Initializer.Single(tensor => tensor.Name == "block1.expand.weight");
        weight.RawData = Google.Protobuf.ByteString.Empty;
        AssertRefused("float32 for layer 'block1.expand'", Bytes(other));
        other = ModelProto.Parser.ParseFrom(floats);
        other.Graph.Node[2].Input.Clear();
        AssertRefused("has the operation Conv ('stem.convolution')", Bytes(other));
        other = ModelProto.Parser.ParseFrom(floats);
        other.Graph.Initializer.Add(other.Graph.Initializer[0]);
        other.Graph.Node.Add(other.Graph.Node[2]);
        AssertRefused("is not a network of one input", Bytes(other));
    }

    [Fact]
    public void A_model_whose_numbers_are_not_finite_is_refused()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu);
        ModelProto damaged = ModelProto.Parser.ParseFrom(floats);
        TensorProto bias = damaged.Graph.Initializer.Single(tensor => tensor.Name == "block1.project.bias");
        byte[] bytes = bias.RawData.ToByteArray();
        BitConverter.TryWriteBytes(bytes, float.PositiveInfinity);
        bias.RawData = Google.Protobuf.ByteString.CopyFrom(bytes);
        var exception = Assert.Throws<InvalidInputException>(() => FloatNetwork.Quantizer(Bytes(damaged), images));
        Assert.Contains("are not finite", exception.Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(string expected, byte[] onnx)
    {
        var exception = Assert.Throws<InvalidInputException>(() => FloatModel.Read(onnx, "photo.onnx"));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(ModelProto model) => Google.Protobuf.MessageExtensions.ToByteArray(model);

    /// <summary>The nodes that are left after all optimizations of the runtime, by operation.</summary>
    private Dictionary<string, int> Operations(byte[] onnx)
    {
        string file = Path.Combine(_folder.Root, $"{Guid.NewGuid():N}.onnx");
        using (SessionOptions options = OnnxSessions.Options(1))
        {
            options.OptimizedModelFilePath = file;
            new InferenceSession(onnx, options).Dispose();
        }

        return ModelProto
            .Parser.ParseFrom(File.ReadAllBytes(file))
            .Graph.Node.GroupBy(node => node.OpType)
            .ToDictionary(group => group.Key, group => group.Count());
    }
}
