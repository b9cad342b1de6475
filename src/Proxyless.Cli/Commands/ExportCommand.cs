using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Files;
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
        var run = new RunDirectory(parse.GetValue(_run)!);
        bool isInteger = _precision.IsInteger(parse);
        string output = parse.GetValue(_out) ?? (isInteger ? run.IntegerModel : run.Model);

        // In a folder that holds no run nothing would be written: that is told later.
        string? written = File.Exists(run.Config) ? output : parse.GetValue(_out);
        OutputFile.Check(_out.Name, written, "an ONNX model", ".onnx");
        if (isInteger)
        {
            OutputFile.RequireOther(_out.Name, written, ("the run's model of floats", run.Model));
            return Quantize(parse, session, run, output);
        }

        ExportResult result = ProxylessRun.Export(
            run.Root,
            output,
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

    /// <summary>
    /// Exports the network and makes its integer model. Only an integer model in the run's folder has the model of
    /// floats written there too; otherwise the run is only read.
    /// </summary>
    /// <param name="parse">The given options.</param>
    /// <param name="session">Receives progress, and stops.</param>
    /// <param name="run">The run.</param>
    /// <param name="output">The integer model's file.</param>
    private CommandOutcome Quantize(ParseResult parse, CommandSession session, RunDirectory run, string output)
    {
        bool isInRun = RealPath.Same(Path.GetDirectoryName(Path.GetFullPath(output))!, run.Root);
        string? temporary = isInRun ? null : TemporaryPlace.CreateFolder();
        try
        {
            string floats = temporary is null ? run.Model : Path.Combine(temporary, Path.GetFileName(run.Model));
            _ = ProxylessRun.Export(run.Root, floats, parse.GetValue(_data), session.Observer, session.Cancellation);
            QuantizeResult result = QuantizeJob.Run(
                new QuantizeOptions { Model = run.Root, Out = output },
                floats,
                session.Observer,
                session.Cancellation
            );

            // The run's own is of the same network.
            return QuantizeSummary.Outcome(result with { FloatModel = run.Model });
        }
        finally
        {
            if (temporary is not null)
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }
}
