using System.CommandLine;
using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Latency;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>The latency table of a space on a target.</summary>
internal sealed class ProfileCommand : ReportingCommand
{
    private const int RandomNetworks = 10_000;

    private readonly SpaceOptions _space = new();
    private readonly Option<string?> _target = Values.Text(
        "--target",
        "NAME|FILE",
        $"Where to measure (cpu): {LibraryWords.Translate(TargetFile.Forms)}"
    );
    private readonly Option<long?> _classes = Values.Integer(
        "--classes",
        "Number of outputs of the classifier (1000)",
        2,
        1 << 20
    );
    private readonly Option<bool> _thorough = Values.Flag("--thorough", "Minutes instead of seconds, for tight limits");
    private readonly Option<string?> _out = Values.Text("--out", "FILE", "The file to write (latency.json)");

    public ProfileCommand()
        : base(
            "profile",
            "Measure the time of each block of a space on a target, and how well sums of them predict whole networks.",
            "proxyless profile --space imagenet-mobile --target cpu:2 --out latency.json"
        )
    {
        Require(_space.Space);
        Add([_target, _classes, _space.Resolution, _thorough, _out]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string path = parse.GetValue(_out) ?? "latency.json";
        OutputFile.Check(_out.Name, path, "a latency table, which is JSON and read back by that name", ".json");
        long start = Stopwatch.GetTimestamp();
        SearchSpace space = _space.Open(parse);

        int classes = (int)(parse.GetValue(_classes) ?? 1000);
        using ITarget target = TargetFile.Open(parse.GetValue(_target) ?? "cpu");
        OutputFile.RequireOther(
            _out.Name,
            path,
            (_space.Space.Name, parse.GetValue(_space.Space)),
            (_target.Name, parse.GetValue(_target)),
            ($"the table of {_target.Name}", (target as TableTarget)?.Source)
        );
        ProfileMode mode = parse.GetValue(_thorough) ? ProfileMode.Thorough : ProfileMode.Quick;
        LatencyTable table = LatencyTableCache.Default.Profile(
            space,
            classes,
            target,
            mode,
            session.Observer,
            session.Cancellation
        );
        SpaceCost cost = table.ToSpaceTimes(space, classes);
        LatencyTableFile.Write(path, table);

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        LatencyCalibration calibration = table.Calibration;
        double[] random = cost.OfRandomNetworks(RandomNetworks, seed: 0);
        double Quantile(double share) => random[(int)(share * (RandomNetworks - 1))];

        // A limit that search accepts: by a table, half of the networks may take no time.
        double limit = Math.Max(
            Quantile(0.5) > 0 ? Quantile(0.5) : cost.EvenExpectation,
            TargetOptions.Ranges[nameof(TargetOptions.LatencyMs)].Least
        );
        string resolution = parse.GetValue(_space.Resolution) is { } side ? $" --resolution {side}" : "";
        var result = new
        {
            Table = path,
            Target = table.TargetId,
            Entries = table.Entries.Count,
            Seconds = seconds,
            SmallestMs = cost.Smallest,
            LargestMs = cost.Largest,
            RandomNetworksMs = new
            {
                P10 = Quantile(0.1),
                P50 = Quantile(0.5),
                P90 = Quantile(0.9),
            },
            table.Disturbance,
            Calibration = new
            {
                calibration.Networks,
                calibration.MeanAbsoluteError,
                calibration.KendallTau,
            },
        };
        return new CommandOutcome(
            result,
            console =>
            {
                console.WriteFacts(
                    ("target", table.TargetId),
                    ("blocks", $"{table.Entries.Count} different ones in {Durations.Text(seconds)}"),
                    (
                        "networks of the space",
                        $"{MillisecondText.AtLeast(cost.Smallest)} to {MillisecondText.Of(cost.Largest)} ms"
                    ),
                    (
                        "random ones",
                        $"a tenth within {MillisecondText.Of(Quantile(0.1))} ms, half within "
                            + $"{MillisecondText.Of(Quantile(0.5))} ms, nine tenths within "
                            + $"{MillisecondText.Of(Quantile(0.9))} ms"
                    ),
                    (
                        "error on whole networks",
                        calibration.Networks == 0
                            ? "not known: none can be measured on a table"
                            : $"{calibration.MeanAbsoluteError:P1} on average over {calibration.Networks}, Kendall "
                                + $"tau {calibration.KendallTau:0.00}"
                    ),
                    ("table", path)
                );
                console.WriteNext(
                    $"proxyless search --space {Facts.Quoted(parse.GetValue(_space.Space)!)}{resolution} --target "
                        + $"{Facts.Quoted(target.Name)} --latency {MillisecondText.AtLeast(limit)} --data DIR"
                );
            }
        );
    }
}
