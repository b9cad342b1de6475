using System.CommandLine;
using Proxyless.Cli.Commands;
using Proxyless.Pretrained;

namespace Proxyless.Cli.Options;

/// <summary>The model that a command works with: a file, a run's folder, or a pretrained network by name.</summary>
internal sealed class ModelOption
{
    private readonly Option<string?> _model = Values.Text(
        "--model",
        "FILE|DIR",
        "The model.onnx, or the run's folder that holds it"
    );

    private readonly Option<string?> _weights = Values.Text(
        "--weights",
        "NAME",
        "Instead of --model: a name of 'proxyless weights list', as it was pretrained (1000 classes of ImageNet)"
    );

    /// <summary>The options, for the command to add.</summary>
    public IEnumerable<Option> Options => [_model, _weights];

    /// <summary>The name of the pretrained network that is asked for, or null.</summary>
    public string? NameOf(ParseResult parse) => parse.GetValue(_weights);

    /// <summary>Returns the file or the folder; a pretrained network is downloaded if it must be.</summary>
    /// <param name="parse">The given options.</param>
    /// <param name="session">Receives progress.</param>
    /// <param name="example">A complete command line, for the message.</param>
    /// <exception cref="InvalidInputException">Neither or both options are given.</exception>
    public string FileOf(ParseResult parse, CommandSession session, string example) =>
        (parse.GetValue(_model), parse.GetValue(_weights)) switch
        {
            ({ } model, null) => model,
            (null, { } name) => PretrainedModel.FileOf(name, session.Observer, session.Cancellation),
            (null, null) => throw UsageErrors.Missing(_model, example),
            _ => throw UsageErrors.Excluding(_model, _weights),
        };
}
