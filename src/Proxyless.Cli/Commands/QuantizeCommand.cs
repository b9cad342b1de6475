using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Data;
using Proxyless.Quantization;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>Makes an integer model of a model of floats.</summary>
internal sealed class QuantizeCommand : ReportingCommand
{
    private const string None = "none";

    private static readonly QuantizeOptions Defaults = new() { Model = "", Out = "" };

    private readonly ModelOption _model = new();
    private readonly Option<string?> _data = Values.Text(
        "--data",
        "DIR",
        "A folder of photographs of the kind that the model will see; no labels are needed. Every second one is for "
            + "calibration, the others for the comparison (the images of the run)"
    );
    private readonly Option<string?> _out = Values.Text(
        "--out",
        "FILE",
        "The file to write (the model's name and -int8.onnx)"
    );
    private readonly Option<string?> _target = Values.Text(
        "--target",
        "NAME|FILE",
        "Where the model will run (the run's; cpu for a model file): it decides which layers stay in float, and the "
            + "bits of a weight"
    );
    private readonly Option<long?> _images = Values.Integer(
        "--images",
        $"The most images for calibration ({Defaults.CalibrationImages})",
        (long)QuantizeOptions.CalibrationRange.Least,
        (long)QuantizeOptions.CalibrationRange.Most
    );
    private readonly Option<RangeMethod?> _ranges = Values.Choice(
        "--ranges",
        "How the range of a layer's integers follows from the images: all numbers, all but one in 100,000 at each end, "
            + "or the least squared error (mean-squared-error)",
        Values.Words<RangeMethod>()
    );
    private readonly Option<string?> _keepFloat = Values.Text(
        "--keep-float",
        "LAYERS",
        "Layers that stay in float, separated by commas: stem, block0.depthwise, block3 for a whole block, classifier, "
            + $"or {None} (as many of the first as measure best)"
    );
    private readonly Option<long?> _weightBits = Values.Integer(
        "--weight-bits",
        "Bits of a weight: 8, or 7 for x86 processors without VNNI, where sums of 8-bit products saturate (what the "
            + "target needs)",
        QuantizationSettings.BitsWhereSaturated,
        QuantizationSettings.Bits
    );
    private readonly Option<double?> _qatEpochs = Values.Number(
        "--qat-epochs",
        "N",
        "Epochs of quantization-aware training on a run's images: weights learn to be rounded; fractions are allowed "
            + $"(0, or {IntegerFineTuning.UsualSteps} steps where the integers lose over half a percent of the "
            + "validation images)",
        QuantizeOptions.QatRange
    );
    private readonly Option<long?> _maxPixels = Values.Integer(
        "--max-pixels",
        $"Maximum pixels, width times height, of a photograph of --data that is read "
            + $"({DatasetOptions.DefaultMaxPixels})",
        1,
        DatasetOptions.MostPixels
    );

    public QuantizeCommand()
        : base(
            "quantize",
            "Write a model with 8-bit integers instead of floats: a little more than a quarter of the size and, on "
                + "processors with integer instructions, about half of the latency. It is calibrated on images, and "
                + "compared with the model of floats on others.",
            "proxyless quantize --model runs/photos",
            "proxyless quantize --model photos.onnx --data photos --out photos-int8.onnx",
            "proxyless quantize --weights timm-efficientnet-lite0 --data photos"
        )
    {
        Add(_model.Options);
        Add([_data, _out, _target, _images, _ranges, _keepFloat, _weightBits, _qatEpochs, _maxPixels]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        if (parse.GetValue(_maxPixels) is not null && parse.GetValue(_data) is null)
        {
            // The images of a run are read as the run reads them.
            throw UsageErrors.Idle(_maxPixels, _data);
        }

        string? name = _model.NameOf(parse);
        string model = name ?? _model.FileOf(parse, session, Examples[0]);
        string output = parse.GetValue(_out) ?? OutOf(model, name);

        // Beside a model that is not there nothing would be written: that is told later.
        bool isThere = name is not null || Path.Exists(model);
        OutputFile.Check(_out.Name, isThere ? output : parse.GetValue(_out), "an ONNX model", ".onnx");
        if (name is not null)
        {
            // It may have to be downloaded.
            model = _model.FileOf(parse, session, Examples[0]);
        }

        string? layers = parse.GetValue(_keepFloat);
        QuantizeResult result = ProxylessRun.Quantize(
            new QuantizeOptions
            {
                Model = model,
                Out = output,
                Data = parse.GetValue(_data),
                CalibrationImages = (int)(parse.GetValue(_images) ?? Defaults.CalibrationImages),
                Ranges = parse.GetValue(_ranges) ?? Defaults.Ranges,
                KeepFloat =
                    layers is null ? null
                    : layers == None ? []
                    : layers.Split(',', StringSplitOptions.TrimEntries),
                WeightBits = (int?)parse.GetValue(_weightBits),
                QatEpochs = parse.GetValue(_qatEpochs),
                Target = parse.GetValue(_target),
                MaxPixels = parse.GetValue(_maxPixels) ?? Defaults.MaxPixels,
            },
            session.Observer,
            session.Cancellation
        );
        return QuantizeSummary.Outcome(result);
    }

    /// <summary>The file to write where none is given: beside a model, or, for a name, here.</summary>
    private static string OutOf(string model, string? name) =>
        name is not null ? $"{name}-int8.onnx"
        : Directory.Exists(model) ? new RunDirectory(model).IntegerModel
        : Path.ChangeExtension(model, null) + "-int8.onnx";
}
