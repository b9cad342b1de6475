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

    public ExportCommand()
        : base(
            "export",
            "Write the best network of a run as ONNX, with batch norm folded and normalization inside, and check it "
                + "against the network.",
            "proxyless export --run runs/photos --out photos.onnx"
        )
    {
        Require(_run);
        Options.Add(_out);
        Options.Add(_data);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string run = parse.GetValue(_run)!;
        OutputFile.Check(_out.Name, parse.GetValue(_out), "an ONNX model", ".onnx");
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
                console.WriteNext($"proxyless predict --model {Facts.Quoted(result.Model)} PHOTO.jpg");
            }
        );
    }
}
