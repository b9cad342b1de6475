using System.CommandLine;
using Proxyless.Architectures;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;

namespace Proxyless.Cli.Commands;

/// <summary>Checks whether a target works.</summary>
internal sealed class TargetCheckCommand : ReportingCommand
{
    private readonly Option<string?> _target = Values.Text(
        "--target",
        "NAME|FILE",
        $"The target: {LibraryWords.Translate(TargetFile.Forms)}"
    );
    private readonly Option<string?> _architecture = Values.Text(
        "--arch",
        "NAME|FILE",
        "The network to try (a small one of the space 'tiny'; none for a table)"
    );

    public TargetCheckCommand()
        : base(
            "check",
            "Try a target: the latency of one network there, before a profile takes minutes.",
            "proxyless target check --target board",
            "proxyless target check --target configs/targets/pixel1.yaml --arch proxyless-mobile"
        )
    {
        Require(_target);
        Options.Add(_architecture);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        using ITarget target = TargetFile.Open(parse.GetValue(_target)!);
        Architecture? network = parse.GetValue(_architecture) is { } name ? ArchitectureFile.Open(name) : null;
        if (target is TableTarget table)
        {
            double? sum = network is null ? null : table.Predict(network, session.Observer);
            return Outcome(target, network, sum, null, table.Parts.Count);
        }

        network ??= Small();
        if (target is DeviceGroupTarget group)
        {
            return EachOf(group, network, session);
        }

        Timing? timing = (target as IModelTimer)?.Time(NetworkExporter.Untrained(network), session.Cancellation);
        return Outcome(target, network, timing?.MedianMs, timing, null);
    }

    /// <summary>All devices: one that does not work would be noticed only in the profile.</summary>
    private static CommandOutcome EachOf(DeviceGroupTarget group, Architecture network, CommandSession session)
    {
        byte[] onnx = NetworkExporter.Untrained(network);
        (string Name, double LatencyMs)[] devices =
        [
            .. group.Devices.Select(device => (device.Name, device.Time(onnx, session.Cancellation).MedianMs)),
        ];
        return new CommandOutcome(
            new
            {
                group.Name,
                group.Id,
                Network = network.Name,
                Devices = devices.Select(device => new { device.Name, device.LatencyMs }),
            },
            console =>
                console.WriteFacts([
                    ("target", group.Id),
                    ("network", network.Name),
                    .. devices.Select(device => (device.Name, Facts.Milliseconds(device.LatencyMs))),
                ])
        );
    }

    private static Architecture Small()
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        return space.Architecture(new int[space.Depth], 10, "a small network of the space 'tiny'");
    }

    private static CommandOutcome Outcome(
        ITarget target,
        Architecture? network,
        double? milliseconds,
        Timing? timing,
        int? parts
    ) =>
        new(
            new
            {
                target.Name,
                target.Id,
                Network = network?.Name,
                LatencyMs = milliseconds,
                timing?.Runs,
                timing?.Spread,
                Parts = parts,
            },
            console =>
                console.WriteFacts(
                    ("target", target.Id),
                    ("parts", parts is { } count ? $"{count} in its table" : null),
                    ("network", network?.Name),
                    (
                        "latency",
                        milliseconds is { } time
                            ? $"{MillisecondText.Of(time)} ms, "
                                + (
                                    timing is null
                                        ? "the sum of its table"
                                        : $"median of {timing.Runs} runs, quartiles {timing.Spread:P1} apart"
                                )
                            : null
                    )
                )
        );
}
