using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Pretrained;

namespace Proxyless.Cli.Commands;

/// <summary>Downloads weights and writes them as a model.</summary>
internal sealed class WeightsGetCommand : ReportingCommand
{
    private readonly Argument<string?> _name = new("name") { Description = "A name of 'proxyless weights list'" };
    private readonly Option<string?> _out = Values.Text("--out", "FILE.onnx", "The model to write (NAME.onnx)");

    public WeightsGetCommand()
        : base(
            "get",
            "Download the weights of a network and write them as a model. The file is kept in the cache; an "
                + "interrupted download continues.",
            "proxyless weights get timm-mnasnet-100 --out mnasnet.onnx"
        )
    {
        _name.Validators.Add(result => Values.RefuseNothing(result, result.Tokens, "the network's name"));
        Arguments.Add(_name);
        Options.Add(_out);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string name = parse.GetValue(_name)!;
        string model = parse.GetValue(_out) ?? $"{name}.onnx";
        OutputFile.Check(_out.Name, model, "a model in ONNX", ".onnx");
        string file = PretrainedModel
            .DownloadAsync(name, session.Observer, session.Cancellation)
            .GetAwaiter()
            .GetResult();
        return ImportSummary.Of(
            PretrainedModel.Import(
                new ImportOptions
                {
                    Weights = file,
                    Network = name,
                    Model = model,
                },
                session.Observer,
                session.Cancellation
            )
        );
    }
}
