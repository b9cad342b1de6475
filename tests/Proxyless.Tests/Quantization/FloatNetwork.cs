using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Quantization;
using Proxyless.Tests.Export;
using Xunit;

namespace Proxyless.Tests.Quantization;

/// <summary>A small network with every kind of block as a model of floats, and images for it.</summary>
internal static class FloatNetwork
{
    public static (byte[] Onnx, float[][] Images) Create(
        int channels,
        Activation activation,
        ConvolutionPadding padding = ConvolutionPadding.Centered
    )
    {
        Architecture architecture = EveryBlock.Network(channels, activation) with { Padding = padding };
        byte[] onnx = NetworkExporter.Export(
            architecture,
            EveryBlock.Weights(architecture),
            ExportOptions.Untrained(channels, architecture.Classes)
        );
        var random = new Random(3);
        int length = channels * architecture.Resolution * architecture.Resolution;
        return (
            onnx,
            [
                .. Enumerable
                    .Range(0, 24)
                    .Select(_ =>
                    {
                        // Images that differ by more than their noise.
                        float shade = random.NextSingle();
                        return Enumerable.Range(0, length).Select(_ => (shade + random.NextSingle()) / 2).ToArray();
                    }),
            ]
        );
    }

    public static ModelQuantizer Quantizer(byte[] floats, float[][] images)
    {
        var model = FloatModel.Read(floats, "floats.onnx");
        return new ModelQuantizer(
            model,
            Calibration.Observe(model, images, 1, NullRunObserver.Instance, TestContext.Current.CancellationToken)
        );
    }
}
