using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Pretrained;

namespace Proxyless.Runs;

/// <summary>Trains a network that begins with pretrained weights, and exports it.</summary>
internal static class FineTuneJob
{
    private const string Other = "other";

    /// <summary>Whether a training begins, or has begun, with pretrained weights.</summary>
    /// <param name="options">The requested options.</param>
    /// <param name="architecture">What is trained: if it is a run's folder, that run may be the one to resume.</param>
    public static bool IsRequested(RunOptions options, string architecture) =>
        options.Training.Weights is not null
        || (
            options.Resume
            && (options.Out ?? architecture) is { } folder
            && File.Exists(new RunDirectory(folder).Config)
            && new RunDirectory(folder).ReadConfig().Training.Weights is not null
        );

    /// <summary>Trains and exports.</summary>
    /// <param name="options">Data, weights and training, or the run to resume.</param>
    /// <param name="architecture">The network of the weights: a known name or a file.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    public static TrainResult Run(
        RunOptions options,
        string architecture,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        bool isFolder = Directory.Exists(architecture);
        if (isFolder && !options.Resume)
        {
            throw new InvalidInputException(
                $"TrainingOptions.Weights: '{architecture}' is a folder; give the network of the weights as "
                    + $"ProxylessRun.Train(architecture): {string.Join(", ", PretrainedNetworks.Names)}, or its file"
            );
        }

        options = isFolder && options.Out is null ? options with { Out = architecture } : options;
        PretrainedNetwork? asked = isFolder ? null : NetworkOf(options, architecture);
        using RunLock held = RunOpening.Claim(ref options, observer, out RunStore store);
        PretrainedNetwork known = options.Resume ? NetworkOf(store, asked) : asked!;
        RunContext context = RunOpening.OpenImages(
            options with
            {
                Data = options.Data with { Resolution = options.Data.Resolution ?? known.Architecture.Resolution },
            },
            options.Resume ? store : null,
            clock,
            observer,
            cancellationToken
        );
        if (context.Images.Channels != known.Architecture.InputChannels)
        {
            throw new InvalidInputException(
                $"'{options.Data.Path}' has gray images and the weights are for color: give DataOptions.Channels = "
                    + $"{known.Architecture.InputChannels}"
            );
        }

        Architecture sized = known.Architecture.WithInput(
            context.Space.Resolution,
            context.Images.Channels,
            context.Classes
        ) with
        {
            Metadata = MetadataOf(known, context.Options.Training.Weights!),
        };

        // Before anything is written: the file may be of another network.
        using CompactNetwork whole = PretrainedWeights.Load(
            known,
            context.Options.Training.Weights!,
            sized.Resolution,
            context.NetworkOptions,
            context.Observer,
            cancellationToken
        );

        // A resumed training keeps the network that was decided on.
        Architecture? decided =
            options.Resume && store.Plan.FineTuning is not null
                ? ArchitectureFile.Read(store.Directory.Architecture)
                : null;
        RunOpening.BeginTraining(context, store, decided ?? sized, inPlace: false);
        RunContext training = FineTuneStage.ContextOf(context with { Input = known.Input });
        return RunOpening.Resumable(
            store.Directory,
            () => TrainAndExport(training, store, whole, decided ?? FineTuneStage.Run(training, store, whole, sized)),
            cancellationToken
        );
    }

    private static TrainResult TrainAndExport(
        RunContext context,
        RunStore store,
        CompactNetwork whole,
        Architecture architecture
    )
    {
        TrainResult result = TrainStage.Run(context, store, start: null, architecture, context.Options.Time);
        try
        {
            ExportStage.Run(context, store.Directory, architecture, store.Directory.Model);
        }
        finally
        {
            context.Clock.Charge(store, RunStage.Export);
        }

        return context.Options.Training.Folds is { } folds
            ? result with
            {
                Folds = FineTuneStage.InFolds(context, whole, folds),
            }
            : result;
    }

    private static PretrainedNetwork NetworkOf(RunOptions options, string architecture)
    {
        PretrainedNetwork network = PretrainedWeights.NetworkOf(architecture);
        string? weights = options.Training.Weights;
        return weights is not null && PretrainedWeights.IsName(weights) && weights != architecture
            ? throw new InvalidInputException(
                $"TrainingOptions.Weights = '{weights}' are not the weights of '{architecture}'; leave "
                    + $"ProxylessRun.Train(architecture) at '{weights}', or give a file of weights"
            )
            : network;
    }

    /// <summary>The network of a training that is resumed.</summary>
    private static PretrainedNetwork NetworkOf(RunStore store, PretrainedNetwork? asked)
    {
        string? name = ArchitectureFile
            .Read(store.Directory.Architecture)
            .Metadata.GetValueOrDefault(PretrainedNetworks.MetadataKey);
        return name is not null && PretrainedWeights.IsName(name)
            ? PretrainedNetworks.ByName(name)
            : asked
                ?? throw new InvalidInputException(
                    $"'{store.Directory.Root}' began with the weights of a network from a file; give that file as "
                        + $"ProxylessRun.Train(architecture) once more"
                );
    }

    private static Dictionary<string, string> MetadataOf(PretrainedNetwork known, string weights)
    {
        var metadata = new Dictionary<string, string>(known.Architecture.Metadata)
        {
            [PretrainedNetworks.MetadataKey] = PretrainedWeights.IsName(known.Architecture.Name)
                ? known.Architecture.Name
                : Other,
            ["weights"] = Path.GetFileName(weights),
            ["origin"] = known.Origin,
        };
        if (known.License.Length > 0)
        {
            metadata["license"] = known.License;
        }

        return metadata;
    }
}
