using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Pretrained;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>A file of weights becomes a model.</summary>
internal sealed class WeightsImportCommand : ReportingCommand
{
    private readonly Argument<string?> _file = new("file")
    {
        Description = "The weights: safetensors, or what torch.save writes (.pth, .pt, .pth.tar)",
    };
    private readonly Option<string?> _network = Values.Text(
        "--as",
        "NAME|FILE",
        "The network: a name of 'proxyless weights list', an architecture.json, or a net.config of the ProxylessNAS "
            + "authors"
    );
    private readonly Option<string?> _out = Values.Text("--out", "FILE.onnx", "The model to write");
    private readonly Option<string?> _stateDict = Values.Text(
        "--state-dict",
        "NAME",
        "Which weights of a checkpoint that holds several (the moving average, where there is one)"
    );
    private readonly Option<string?> _classes = Values.Text(
        "--classes",
        "FILE",
        "A file of class names, a line each (ImageNet's, where there are 1000)"
    );
    private readonly Option<long?> _resolution = Values.Integer(
        "--resolution",
        "Side of the images in pixels (the network's)",
        DataOptions.Ranges[nameof(DataOptions.Resolution)]
    );

    public WeightsImportCommand()
        : base(
            "import",
            "Put weights of others into their network and write it as a model, to predict and to evaluate with. "
                + "Nothing in the file is run.",
            "proxyless weights import proxyless_cpu.pth --as proxyless-cpu --out proxyless-cpu.onnx"
        )
    {
        _file.Validators.Add(result => Values.RefuseNothing(result, result.Tokens, "the file's name"));
        Arguments.Add(_file);
        Require(_network);
        Require(_out);
        Options.Add(_stateDict);
        Options.Add(_classes);
        Options.Add(_resolution);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string model = parse.GetValue(_out)!;
        OutputFile.Check(_out.Name, model, "a model in ONNX", ".onnx");
        OutputFile.RequireOther(
            _out.Name,
            model,
            ("the weights", parse.GetValue(_file)),
            (_network.Name, parse.GetValue(_network)),
            (_classes.Name, parse.GetValue(_classes))
        );
        ImportResult result = PretrainedModel.Import(
            new ImportOptions
            {
                Weights = parse.GetValue(_file)!,
                Network = parse.GetValue(_network)!,
                Model = model,
                StateDict = parse.GetValue(_stateDict),
                Classes = parse.GetValue(_classes),
                Resolution = (int?)parse.GetValue(_resolution),
            },
            session.Observer,
            session.Cancellation
        );
        return ImportSummary.Of(result);
    }
}
