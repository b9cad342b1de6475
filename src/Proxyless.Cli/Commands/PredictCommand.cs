using System.CommandLine;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>Classes of photos.</summary>
internal sealed class PredictCommand : ReportingCommand
{
    private readonly ModelOption _model = new();
    private readonly Option<long?> _top = Values.Integer(
        "--top",
        "Number of most probable classes to show (3)",
        1,
        1000
    );
    private readonly Option<long?> _maxPixels = Values.Integer(
        "--max-pixels",
        $"Maximum pixels, width times height, of a photo that is read ({DatasetOptions.DefaultMaxPixels})",
        1,
        DatasetOptions.MostPixels
    );
    private readonly Argument<string[]> _images = new("images")
    {
        Description = "Image files, and folders of them",
        Arity = ArgumentArity.OneOrMore,
    };

    public PredictCommand()
        : base(
            "predict",
            "The classes of one or more photos. One that cannot be read is an error (exit code 1; 2 if none can "
                + "be read); the others are still classified.",
            "proxyless predict --model runs/photos cat.jpg dog.jpg",
            "proxyless predict --model runs/photos holidays",
            "proxyless predict --weights timm-efficientnet-lite0 cat.jpg"
        )
    {
        Add(_model.Options);
        Options.Add(_top);
        Options.Add(_maxPixels);
        _images.Validators.Add(result => Values.RefuseNothing(result, result.Tokens, "an image's name"));
        Arguments.Add(_images);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        IReadOnlyList<Prediction> predictions = ProxylessRun.Predict(
            _model.FileOf(parse, session, Examples[0]),
            parse.GetValue(_images)!,
            (int)(parse.GetValue(_top) ?? 3),
            parse.GetValue(_maxPixels) ?? DatasetOptions.DefaultMaxPixels,
            session.Observer,
            session.Cancellation
        );
        predictions =
        [
            .. predictions.Select(prediction =>
                prediction with
                {
                    Error = prediction.Error is { } error ? LibraryWords.Translate(error) : null,
                }
            ),
        ];
        Prediction[] answers = [.. predictions.Where(prediction => prediction.Error is null)];
        string[] errors =
        [
            .. predictions.Select(prediction => prediction.Error).OfType<string>().Select(ControlCharacters.Visible),
        ];
        return new CommandOutcome(new { Predictions = predictions }, console => Write(console, answers))
        {
            Errors = errors,
            ExitCode =
                errors.Length == 0 ? ExitCode.Done
                : answers.Length == 0 ? ExitCode.BadInput
                : ExitCode.Failed,
        };
    }

    private static void Write(IAnsiConsole console, Prediction[] answers) =>
        console.WriteFacts([
            .. answers.Select(prediction =>
                (
                    ControlCharacters.Visible(prediction.Image),
                    (string?)
                        string.Join(
                            ", ",
                            prediction.Classes.Select(c =>
                                $"{ControlCharacters.Visible(c.Class)} {Facts.Percent(c.Probability)}"
                            )
                        )
                )
            ),
        ]);
}
