using System.CommandLine;
using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Cli.Watch;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>The whole pipeline: images in, a measured ONNX model out.</summary>
internal sealed class RunCommand : ReportingCommand
{
    private readonly Option<string?> _architecture = Values.Text(
        "--arch",
        "NAME|FILE",
        "The network of a file of weights in --weights: a name of 'proxyless weights list', an architecture.json or a "
            + "net.config (none)"
    );

    private readonly PrecisionOption _precision = new(
        "What the model computes with; int8: the limits are latencies of 8-bit integer models, as with +int8 behind "
            + "the targets (float)"
    );

    private readonly Option<bool> _watch = Values.Flag(
        "--watch",
        "Show the run in the browser while it goes on, as 'proxyless watch' does; the address is printed"
    );

    public RunCommand()
        : base(
            "run",
            "Search a network for your images and your machine, train it, write it as ONNX and measure it. Without "
                + "options: on built-in sample images and this processor.",
            "proxyless run",
            "proxyless run --data photos --weights timm-efficientnet-lite0 --latency 4 --out runs/photos",
            "proxyless run --data photos --latency 8 --time 3h --out runs/photos",
            "proxyless run --data photos --latency 3,5,8 --out runs/photos-front",
            "proxyless run --out runs/photos --resume"
        )
    {
        MainOptions =
        [
            "--data",
            "--weights",
            "--arch",
            "--target",
            "--latency",
            "--time",
            "--space",
            "--train-epochs",
            "--out",
            "--resume",
        ];
        Options.Add(_architecture);
        Add(OptionHeading.Limits, _precision.Option);
        Add(OptionHeading.Output, _watch);
        Add(
            LibraryOptions
                .Data()
                .Search()
                .Targets($"{RunOptionSet.MeanOfSpace}; with --weights half of the whole network's latency")
                .Time("search and the training")
                .Learning()
                .Training()
                .Pretrained()
                .Teacher()
                .Machine()
                .Output()
                .Events()
                .Resume()
                .Options
        );
    }

    /// <summary>The network of a file of weights; null if there is none.</summary>
    public string? Architecture(ParseResult parse) => parse.GetValue(_architecture);

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        RunOptions options = _precision.Apply(
            parse,
            ReadResumable(parse, given: begun => _precision.Unapply(parse, begun))
        );
        using OpenPage? page = parse.GetValue(_watch) ? Watch(ref options, session, parse.GetValue(Quiet)) : null;
        return LimitSummary.Outcome(
            Architecture(parse) is { } architecture
                ? ProxylessRun.RunAll(options, architecture, session.Observer, session.Cancellation)
                : ProxylessRun.RunAll(options, session.Observer, session.Cancellation),
            Write,
            "top-1, test set",
            result => new LimitLine(result.Run, result.LatencyMs, result.LatencyLimitMs, result.Top1),
            Next
        );
    }

    private static OpenPage Watch(ref RunOptions options, CommandSession session, bool isQuiet)
    {
        // The page needs the folder before the run names it.
        string folder =
            options.Out
            ?? Path.Combine("runs", DateTime.Now.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture));
        options = options with { Out = folder };
        return OpenPage.Of([folder], port: 0, "until the run ends", session, isQuiet);
    }

    private static string? Floats(QuantizeResult? integers) =>
        integers is null
            ? null
            : $"top-1 {Facts.Percent(integers.FloatTop1)}, {Facts.Milliseconds(integers.FloatLatencyMs)}, "
                + $"{integers.FloatBytes / 1e6:0.00} MB instead of {integers.Bytes / 1e6:0.00}: {integers.FloatModel}";

    private static string Next(RunResult result) => Facts.Prediction(result.Model);

    private static void Write(IAnsiConsole console, RunResult result)
    {
        console.WriteArchitecture(ArchitectureFile.Read(result.Architecture));
        console.WriteFacts(
            ("top-1", Facts.Percent(result.Top1)),
            ("top-5", Facts.Percent(result.Top5)),
            ("top-1 of the whole network, its teacher", Facts.Percent(result.TeacherTop1)),
            ("top-1, cross-validated on the training images", Facts.Percent(result.CrossValidatedTop1)),
            ("top-1 in the folds", Facts.Folds(result.Folds)),
            (
                result.LatencyIsMeasured ? "latency, quiet machine" : "latency, by the table",
                Facts.Latency(result.LatencyMs, result.LatencyLimitMs)
            ),
            ("latency, median just now", Facts.Milliseconds(result.MedianLatencyMs)),
            ("latency, predicted", Facts.Milliseconds(result.PredictedLatencyMs)),
            ("parameters", $"{result.Parameters:N0}"),
            ("multiply-adds", $"{result.MultiplyAdds:N0}"),
            ("time", $"search {Durations.Text(result.SearchSeconds)}, training {Durations.Text(result.TrainSeconds)}"),
            ("model", result.Model),
            ("the same with floats", Floats(result.Integers)),
            ("report", result.Report)
        );
    }
}
