using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>Exports a run's network as ONNX.</summary>
internal sealed class ExportCommand : ReportingCommand
{
    private readonly Option<string?> _run = Values.Text("--run", "DIR", "The folder of the trained run");
    private readonly Option<string?> _out = Values.Text(
        "--out",
        "FILE",
        "The file to write (model.onnx in the run's folder)"
    );
    private readonly Option<string?> _data = RunOptionSet.MovedImagesOption();
    private readonly PrecisionOption _precision = new(
        "What the model computes with; int8: as 'proxyless quantize', which has more options (float)"
    );

    public ExportCommand()
        : base(
            "export",
            "Write the best network of a run as ONNX, with batch norm folded and normalization inside, and check it "
                + "against the network.",
            "proxyless export --run runs/photos --out photos.onnx",
            "proxyless export --run runs/photos --out photos-int8.onnx --precision int8"
        )
    {
        Require(_run);
        Options.Add(_out);
        Options.Add(_data);
        Options.Add(_precision.Option);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string run = parse.GetValue(_run)!;
        OutputFile.Check(_out.Name, parse.GetValue(_out), "an ONNX model", ".onnx");
        if (_precision.IsInteger(parse))
        {
            return Quantize(parse, session, run);
        }

        ExportResult result = ProxylessRun.Export(
            run,
            parse.GetValue(_out) ?? new RunDirectory(run).Model,
            parse.GetValue(_data),
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(
            result,
            console =>
            {
                console.WriteFacts(
                    ("model", result.Model),
                    ("size", $"{result.Bytes / 1e6:0.00} MB"),
                    ("opset", $"{result.Opset}"),
                    (
                        "largest difference from the network",
                        $"{result.LargestDifference:0.0e+0} on {result.ComparedImages} images"
                    )
                );
                console.WriteNext(Facts.Prediction(result.Model));
            }
        );
    }

    private CommandOutcome Quantize(ParseResult parse, CommandSession session, string run)
    {
        string floats = new RunDirectory(run).Model;
        _ = ProxylessRun.Export(run, floats, parse.GetValue(_data), session.Observer, session.Cancellation);
        QuantizeResult result = ProxylessRun.Quantize(
            new QuantizeOptions { Model = run, Out = parse.GetValue(_out) ?? new RunDirectory(run).IntegerModel },
            session.Observer,
            session.Cancellation
        );
        return QuantizeSummary.Outcome(result);
    }
}
