using Proxyless.Export.Onnx;
using Proxyless.Measurement;

namespace Proxyless.Quantization;

/// <summary>How much of a layer's output an integer model keeps, with all layers before it.</summary>
/// <param name="Name">The layer.</param>
/// <param name="SignalToNoiseDb">
/// Ten times the decimal logarithm of the mean square of the float model's output over that of the difference.
/// </param>
/// <param name="IsInteger">Whether the layer is computed with integers.</param>
public sealed record LayerNoise(string Name, double SignalToNoiseDb, bool IsInteger)
{
    private const double MostDb = 200;

    /// <summary>Compares the layers with weights, and the sums, of both models on some images.</summary>
    /// <param name="model">The model of floats.</param>
    /// <param name="quantized">The bytes of its integer model.</param>
    /// <param name="inFloat">Names of the layers that stayed in float.</param>
    /// <param name="images">Inputs, one image each.</param>
    /// <param name="threads">Threads that run the models.</param>
    /// <param name="observer">Receives progress.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <returns>The layers in the order of their execution.</returns>
    internal static IReadOnlyList<LayerNoise> Of(
        FloatModel model,
        byte[] quantized,
        IReadOnlySet<string> inFloat,
        IReadOnlyList<float[]> images,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        FloatLayer[] layers = [.. model.Layers.Where(layer => layer.Node.OpType is "Conv" or "Add" or "Gemm")];
        var proto = ModelProto.Parser.ParseFrom(quantized);
        HashSet<string> written = [.. proto.Graph.Node.SelectMany(node => node.Output)];
        string[] ours =
        [
            .. layers.Select(layer =>
                inFloat.Contains(layer.Name) || !written.Contains(QuantizedGraph.NameOf(layer.Output))
                    ? layer.Output
                    : QuantizedGraph.NameOf(layer.Output)
            ),
        ];
        using var floats = new OnnxProbe(model.With(layers.Select(layer => layer.Output)), threads, optimized: false);
        using var integers = new OnnxProbe(FloatModel.WithOutputs(proto, ours), threads, optimized: false);
        double[] signal = new double[layers.Length];
        double[] noise = new double[layers.Length];
        var progress = new Progress(observer, "layers", 0, images.Count, Progress.Unreported);
        int done = 0;
        foreach (float[] image in images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var expected = new Dictionary<string, float[]>();
            floats.Run(image, 1, (output, _, values) => expected[floats.Outputs[output]] = values.ToArray());
            integers.Run(
                image,
                1,
                (output, _, values) =>
                {
                    int layer = Array.IndexOf(ours, integers.Outputs[output]);
                    float[] wanted = expected[layers[layer].Output];
                    signal[layer] += System.Numerics.Tensors.TensorPrimitives.SumOfSquares<float>(wanted);
                    double distance = System.Numerics.Tensors.TensorPrimitives.Distance(wanted, values);
                    noise[layer] += distance * distance;
                }
            );
            progress.Report(++done, "noise of the integers");
        }

        return
        [
            .. layers.Select(
                (layer, i) =>
                    new LayerNoise(
                        layer.Name,
                        noise[i] == 0 ? MostDb : Math.Clamp(10 * Math.Log10(signal[i] / noise[i]), -MostDb, MostDb),
                        !inFloat.Contains(layer.Name)
                    )
            ),
        ];
    }
}
