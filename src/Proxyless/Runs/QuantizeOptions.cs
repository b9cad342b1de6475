using Proxyless.Data;
using Proxyless.Latency;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>What is quantized, and how.</summary>
public sealed record QuantizeOptions
{
    /// <summary>Images for calibration, if there are as many.</summary>
    internal const int UsualCalibrationImages = 256;

    /// <summary>The values of <see cref="CalibrationImages"/>.</summary>
    internal static readonly NumberRange CalibrationRange = new(1, 4096, IsWhole: true);

    /// <summary>The values of <see cref="QatEpochs"/>.</summary>
    internal static readonly NumberRange QatRange = new(0, 1000);

    /// <summary>The model of floats: an ONNX file that Proxyless exported, or a finished run.</summary>
    public required string Model { get; init; }

    /// <summary>The file to write.</summary>
    public required string Out { get; init; }

    /// <summary>
    /// A folder of photographs, with or without folders of classes. Every second one is for calibration, the others are
    /// for the comparison with the model of floats. Null for the images of a run: those it was trained on for
    /// calibration, its test images for the comparison.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>The most images for calibration.</summary>
    public int CalibrationImages { get; init; } = UsualCalibrationImages;

    /// <summary>How the ranges of activations are chosen.</summary>
    public RangeMethod Ranges { get; init; } = RangeMethod.MeanSquaredError;

    /// <summary>
    /// Names of the layers that stay in float, such as <c>stem</c>, <c>block0.depthwise</c>, <c>block3</c> for a whole
    /// block, <c>classifier</c>; null: what measures best on the target among the first layers.
    /// </summary>
    public IReadOnlyList<string>? KeepFloat { get; init; }

    /// <summary>
    /// Bits of a weight: 8, or 7 for x86 processors without VNNI, where sums of 8-bit products saturate; null: what the
    /// target's processor needs.
    /// </summary>
    public int? WeightBits { get; init; }

    /// <summary>
    /// Epochs of quantization-aware training on the images of a run, which may be a fraction; 0 for none; null: none,
    /// or 200 steps where the integers lose more than half a percent of the run's validation images, and three at
    /// least.
    /// </summary>
    public double? QatEpochs { get; init; }

    /// <summary>
    /// Where the model will run, as <see cref="TargetFile.Open"/> takes it; null: the target of the run, or <c>cpu</c>
    /// for a model file.
    /// </summary>
    public string? Target { get; init; }

    /// <summary>The most pixels, width times height, of a photograph that is read.</summary>
    public long MaxPixels { get; init; } = DatasetOptions.DefaultMaxPixels;
}
