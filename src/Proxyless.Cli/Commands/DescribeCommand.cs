using System.CommandLine;
using Proxyless.Architectures;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Runs;

namespace Proxyless.Cli.Commands;

/// <summary>Describes an architecture and its costs.</summary>
internal sealed class DescribeCommand : ReportingCommand
{
    private readonly Option<string?> _architecture = Values.Text(
        "--arch",
        "NAME|FILE",
        $"The network: {string.Join(", ", PublishedArchitectures.Names)}, an architecture.json, a net.config of the "
            + $"ProxylessNAS authors, or a run's folder"
    );

    private readonly Option<long?> _resolution = Values.Integer(
        "--resolution",
        "Side of the images in pixels (the network's own)",
        8,
        2048
    );
    private readonly Option<long?> _classes = Values.Integer(
        "--classes",
        "Number of outputs of the classifier (the network's own)",
        2,
        1 << 20
    );
    private readonly Option<string?> _target = Values.Text(
        "--target",
        "NAME|FILE",
        $"Measure the whole network, untrained, or sum up its parts if the target is a table: "
            + $"{LibraryWords.Translate(TargetFile.Forms)}"
    );
    private readonly Option<string?> _table = Values.Text(
        "--table",
        "FILE",
        "Predict the latency, block by block, from a latency table"
    );
    private readonly Option<string?> _picture = Values.Text(
        "--picture",
        "FILE.svg|DIR/",
        "Draw the network; with a folder, and a run's folder as --arch: every figure of its report, each as a file"
    );
    private readonly Option<string?> _netConfig = Values.Text(
        "--net-config",
        "FILE",
        "Write the network as the net.config of the ProxylessNAS authors, for training with their code"
    );

    public DescribeCommand()
        : base(
            "describe",
            "Parameters, multiply-adds, blocks and latency of an architecture, and its picture.",
            "proxyless describe --arch proxyless-mobile",
            "proxyless describe --arch runs/photos --target cpu --picture photos.svg",
            "proxyless describe --arch runs/photos --picture figures/"
        )
    {
        Require(_architecture);
        Add([_resolution, _classes, _target, _table, _picture, _netConfig]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        string? figures = FolderOf(parse);
        if (figures is null)
        {
            OutputFile.Check(_picture.Name, parse.GetValue(_picture), "an SVG picture", ".svg");
        }

        OutputFile.Check(
            _netConfig.Name,
            parse.GetValue(_netConfig),
            "a net.config, which is JSON",
            ".config",
            ".json"
        );
        Architecture architecture = ArchitectureFile.Open(parse.GetValue(_architecture)!);
        architecture = architecture.WithInput(
            (int)(parse.GetValue(_resolution) ?? architecture.Resolution),
            architecture.InputChannels,
            (int)(parse.GetValue(_classes) ?? architecture.Classes)
        );
        LatencyTable? table = parse.GetValue(_table) is { } path ? LatencyTableFile.Read(path) : null;
        using ITarget? target = parse.GetValue(_target) is { } name ? TargetFile.Open(name) : null;
        if (table is not null && target is TableTarget)
        {
            throw UsageErrors.Excluding(_table, _target);
        }

        RequireOthers(parse, target);
        if (figures is not null)
        {
            RunFigures.Write(RunDirectory.Open(parse.GetValue(_architecture)!), figures);
        }
        else if (parse.GetValue(_picture) is { } picture)
        {
            AtomicFile.WriteAllText(picture, ArchitecturePicture.Svg(architecture));
        }

        if (parse.GetValue(_netConfig) is { } netConfig)
        {
            ArchitectureFile.WriteNetConfig(netConfig, architecture);
        }

        double? predicted =
            table?.Predict(architecture) ?? (target as TableTarget)?.Predict(architecture, session.Observer);
        double[]? blocks = table is null ? null : [.. architecture.Blocks.Select(block => table.Predict(block))];
        double? measured = target is null ? null : Measure(architecture, target, session);
        return new CommandOutcome(
            Result(architecture, measured, predicted, blocks),
            console =>
            {
                console.WriteArchitecture(architecture, blocks);
                ArchitectureCost cost = ArchitectureCost.Of(architecture);
                console.WriteFacts([
                    ("name", architecture.Name),
                    ("input", $"{architecture.InputChannels}x{architecture.Resolution}x{architecture.Resolution}"),
                    ("parameters", $"{cost.Parameters:N0}"),
                    ("multiply-adds", $"{cost.MultiplyAdds:N0}"),
                    (
                        "latency, measured",
                        measured is { } time ? $"{MillisecondText.Of(time)} ms on {parse.GetValue(_target)}" : null
                    ),
                    (
                        "latency, predicted",
                        predicted is { } sum ? $"{MillisecondText.Of(sum)} ms on {table?.Target ?? target!.Name}" : null
                    ),
                    ("picture", parse.GetValue(_picture)),
                    ("net.config", parse.GetValue(_netConfig)),
                    .. architecture.Metadata.Select(entry => (entry.Key, (string?)entry.Value)),
                ]);
            }
        );
    }

    /// <summary>Checks that no file that is written is one that is read.</summary>
    private void RequireOthers(ParseResult parse, ITarget? target)
    {
        string network = parse.GetValue(_architecture)!;
        foreach (Option<string?> written in (Option<string?>[])[_picture, _netConfig])
        {
            OutputFile.RequireOther(
                written.Name,
                parse.GetValue(written),
                (_architecture.Name, Directory.Exists(network) ? new RunDirectory(network).Architecture : network),
                (_table.Name, parse.GetValue(_table)),
                (_target.Name, parse.GetValue(_target)),
                ($"the table of {_target.Name}", (target as TableTarget)?.Source)
            );
        }
    }

    /// <summary>The folder for the figures of a run; null if <c>--picture</c> is a file.</summary>
    /// <exception cref="InvalidInputException">It is a folder, and <c>--arch</c> is no run.</exception>
    private string? FolderOf(ParseResult parse)
    {
        if (
            parse.GetValue(_picture) is not { } path
            || !(Path.EndsInDirectorySeparator(path) || Directory.Exists(path))
        )
        {
            return null;
        }

        OutputFile.CheckFolder(_picture.Name, path);
        return Directory.Exists(parse.GetValue(_architecture))
            ? path
            : throw new InvalidInputException(
                $"{_picture.Name} '{path}' is a folder, for the figures of a run; give a run's folder as "
                    + $"{_architecture.Name}, or a file such as {Path.Combine(path, "network.svg")}"
            );
    }

    private static double? Measure(Architecture architecture, ITarget target, CommandSession session)
    {
        if (target is not IModelTimer timer)
        {
            return null;
        }

        (target as IAskedTarget)?.Ask(session.Cancellation);
        session.Observer.Message($"measuring {architecture.Name} on {target.Id}");
        return timer.Time(NetworkExporter.Untrained(architecture), session.Cancellation).MedianMs;
    }

    private static object Result(
        Architecture architecture,
        double? measured,
        double? predicted,
        double[]? blockLatencies
    )
    {
        ArchitectureCost cost = ArchitectureCost.Of(architecture);
        return new
        {
            architecture.Name,
            architecture.Resolution,
            Channels = architecture.InputChannels,
            architecture.Classes,
            cost.Parameters,
            cost.MultiplyAdds,
            LatencyMs = measured,
            PredictedLatencyMs = predicted,
            Blocks = architecture.Blocks.Select(
                (block, i) =>
                    new
                    {
                        Operation = block.Operation.ToString(),
                        block.InputWidth,
                        block.OutputWidth,
                        block.Stride,
                        block.InputResolution,
                        block.OutputResolution,
                        Vanished = block.IsPassThrough,
                        ArchitectureCost.Of(block).Parameters,
                        ArchitectureCost.Of(block).MultiplyAdds,
                        LatencyMs = blockLatencies?[i],
                    }
            ),
            architecture.Metadata,
        };
    }
}
