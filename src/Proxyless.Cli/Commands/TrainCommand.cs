using System.CommandLine;
using Proxyless.Architectures;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>Trains one fixed network.</summary>
internal sealed class TrainCommand : ReportingCommand
{
    private readonly Option<string?> _architecture = Values.Text(
        "--arch",
        "NAME|FILE",
        $"The network: {string.Join(", ", PublishedArchitectures.Names)}, an architecture.json, a "
            + "net.config, a run's folder, or with --weights a name of 'proxyless weights list'"
    );

    private readonly PrecisionOption _precision = new(
        "What the model computes with; int8: the model of 8-bit integers is written too, as by 'proxyless quantize' "
            + "(float)"
    );

    public TrainCommand()
        : base(
            "train",
            "Train one architecture on your images, from scratch, from the super-network's weights or from pretrained "
                + "ones, and write it as ONNX.",
            "proxyless train --weights timm-efficientnet-lite0 --data photos --out runs/photos",
            "proxyless train --arch runs/photos --train-epochs 60 --from-supernet",
            "proxyless train --arch mobilenet-v2 --data photos --time 2h"
        )
    {
        MainOptions =
        [
            "--weights",
            "--arch",
            "--data",
            "--time",
            "--train-epochs",
            "--from-supernet",
            "--folds",
            "--resolution",
            "--out",
            "--resume",
        ];
        Options.Add(_architecture);
        Add(OptionHeading.Output, _precision.Option);
        Add(
            LibraryOptions
                .Data()
                .Time("training")
                .Learning()
                .Training()
                .Pretrained()
                .Machine()
                .Output()
                .Events()
                .Resume()
                .Options
        );
    }

    /// <summary>The network to train, as given; that of a run to resume is in its folder.</summary>
    /// <exception cref="InvalidInputException">
    /// Neither a network, nor weights with a name, nor a run to resume are given.
    /// </exception>
    public string Architecture(ParseResult parse) =>
        parse.GetValue(_architecture)
        ?? LibraryOptions.Read(parse) switch
        {
            { Resume: true, Out: { } folder } => folder,
            { Training.Weights: { } weights } when !File.Exists(weights) => weights,
            _ => throw new InvalidInputException(
                $"option '{_architecture.Name} {_architecture.HelpName}' is missing: the network to train, or that of "
                    + $"the file in --weights; '{Examples[0]}' is an example"
            ),
        };

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string architecture = Architecture(parse);
        RunOptions options = ReadOptions(parse, architecture);
        _precision.RequireNoContradiction(parse, options);
        TrainResult result = ProxylessRun.Train(options, architecture, session.Observer, session.Cancellation);
        if (_precision.IsInteger(parse) && result.Integers is null)
        {
            result = Quantize(result, session);
        }

        return new CommandOutcome(
            result,
            console =>
            {
                console.WriteTraining(result);
                console.WriteNext(TrainingSummary.Next(result, options.Data.Path));
            }
        );
    }

    /// <summary>What the command that resumes a training needs besides the run.</summary>
    public string PrecisionOf(ParseResult parse) =>
        _precision.IsInteger(parse) ? $" {_precision.Option.Name} int8" : "";

    private static TrainResult Quantize(TrainResult result, CommandSession session)
    {
        try
        {
            QuantizeResult integers = ProxylessRun.Quantize(
                new QuantizeOptions { Model = result.Run, Out = new RunDirectory(result.Run).IntegerModel },
                session.Observer,
                session.Cancellation
            );
            return result with { Model = integers.Model, Integers = integers };
        }
        catch (OperationCanceledException)
        {
            session.Observer.Message(
                $"the training is finished; 'proxyless quantize --model {Facts.Quoted(result.Run)}' writes the integers"
            );
            throw;
        }
    }

    /// <summary>
    /// Missing options are taken from the run that is resumed, or from the run that the network was searched in: above
    /// all its images.
    /// </summary>
    internal RunOptions ReadOptions(ParseResult parse, string architecture) =>
        Directory.Exists(architecture)
            ? ReadResumable(
                parse,
                RunConfigFile.ReadForNextJob(RunDirectory.Open(architecture).Config, LibraryOptions.Read(parse).Time),
                architecture
            )
            : ReadResumable(parse);
}
