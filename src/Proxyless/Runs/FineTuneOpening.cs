using System.Security.Cryptography;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Training;
using MemoryMarshal = System.Runtime.InteropServices.MemoryMarshal;

namespace Proxyless.Runs;

/// <summary>The beginning of a job with pretrained weights: images and weights that match each other.</summary>
internal static class FineTuneOpening
{
    private const string Other = "other";

    // Of a network that is cut out of a super-network.
    private const int MostImagesOfStatistics = 256;

    /// <summary>Whether a job begins, or has begun, with pretrained weights.</summary>
    /// <param name="options">The requested options.</param>
    /// <param name="folder">The folder of the run that may be the one to resume, or null.</param>
    public static bool IsRequested(RunOptions options, string? folder) =>
        (
            options.Resume && folder is not null && File.Exists(new RunDirectory(folder).Config)
                ? new RunDirectory(folder).ReadConfig().Training
                : options.Training
        ).Weights
            is not null;

    /// <summary>The network of weights that are given as a name or a file.</summary>
    /// <param name="options">The job's options.</param>
    /// <param name="architecture">The network: a known name or a file.</param>
    /// <exception cref="InvalidInputException">
    /// There is none, or the weights are another network's; or there are none, and the job does not resume a run.
    /// </exception>
    public static PretrainedNetwork NetworkOf(RunOptions options, string architecture)
    {
        PretrainedNetwork network = PretrainedWeights.NetworkOf(architecture);
        string? weights = options.Training.Weights;
        if (weights is not null && !options.Resume && !PretrainedWeights.IsName(weights) && !File.Exists(weights))
        {
            throw new InvalidInputException(
                Directory.Exists(weights)
                    ? $"TrainingOptions.Weights = '{weights}' is a folder; give a file of weights"
                    : $"TrainingOptions.Weights = '{weights}': there is no such file and no such name"
                        + NearestName.Suggestion(weights, PretrainedNetworks.Names)
                        + $"; give a file of weights, or one of {string.Join(", ", PretrainedNetworks.Names)}"
            );
        }

        if (weights is not null && !options.Resume && !PretrainedWeights.IsName(weights))
        {
            RegularFile.Require($"TrainingOptions.Weights = '{weights}'", weights);
        }

        return weights is not null && PretrainedWeights.IsName(weights) && weights != architecture
            ? throw new InvalidInputException(
                $"TrainingOptions.Weights = '{weights}' are not the weights of '{architecture}'; leave "
                    + $"ProxylessRun.Train(architecture) at '{weights}', or give a file of weights"
            )
            : network;
    }

    /// <summary>The network of a job that is resumed.</summary>
    /// <param name="store">The job's run.</param>
    /// <param name="options">The options that it began with.</param>
    /// <param name="asked">The network that was given, or null.</param>
    /// <exception cref="InvalidInputException">
    /// It began with a file, which must be given again, or with another network than the one that was given.
    /// </exception>
    public static PretrainedNetwork NetworkOf(RunStore store, RunOptions options, PretrainedNetwork? asked)
    {
        // Before a network is decided on, and in the folder of several limits, the whole one.
        RunDirectory run = store.Directory;
        string? file = NetworkFileOf(run);
        string? name = file is null
            ? options.Training.Weights
            : ArchitectureFile.Read(file).Metadata.GetValueOrDefault(PretrainedNetworks.MetadataKey);
        bool isKnown = name is not null && PretrainedWeights.IsName(name);
        string argument = options.Target.LatencyMs is null
            ? "ProxylessRun.Train(architecture)"
            : "ProxylessRun.Run(architecture)";
        if (
            asked is not null
            && (isKnown || name == Other)
            && NameOf(asked) != name
            && (!isKnown || asked.Architecture.Name != name)
        )
        {
            throw new InvalidInputException(
                $"RunOptions.Resume goes on with the network that '{run.Root}' began with, "
                    + (isKnown ? $"'{name}'" : "which is from a file")
                    + $", and cannot change it to '{asked.Architecture.Name}'; give that network as {argument}, or "
                    + "begin another run"
            );
        }

        return isKnown
            ? PretrainedNetworks.ByName(name!)
            : asked
                ?? throw new InvalidInputException(
                    $"'{run.Root}' began with the weights of a network from a file; give that file as {argument} once "
                        + "more"
                );
    }

    /// <summary>Opens the images with the input of the weights, by default at the resolution of the network.</summary>
    /// <param name="options">The job's options.</param>
    /// <param name="known">The network of the weights.</param>
    /// <param name="before">A run that must have the same images, or null.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Stops the job.</param>
    /// <exception cref="InvalidInputException">
    /// Options or images cannot be used, the images differ, or have other channels than the weights are for.
    /// </exception>
    public static RunContext OpenImages(
        RunOptions options,
        PretrainedNetwork known,
        RunStore? before,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        RunContext context = RunOpening.OpenImages(
            options with
            {
                Data = options.Data with { Resolution = options.Data.Resolution ?? known.Architecture.Resolution },
            },
            before,
            clock,
            observer,
            cancellationToken
        );
        // One that an earlier version began goes on: it made fewer parts.
        if (before is null && options.Training.Folds is { } folds)
        {
            RequireDifferent(context.Images.All, folds, options.Data.Path);
        }

        return context.Images.Channels == known.Architecture.InputChannels
            ? context with
            {
                Input = InputOf(known, before, context),
            }
            : throw new InvalidInputException(
                $"'{options.Data.Path}' has images of {context.Images.Channels} channels and the weights are for "
                    + $"{known.Architecture.InputChannels}: give DataOptions.Channels = "
                    + $"{known.Architecture.InputChannels}"
            );
    }

    /// <summary>
    /// Loads the weights of the job's options, at the resolution of its images. The statistics of a network that is cut
    /// out of a super-network are estimated on training images: the file's are of many networks.
    /// </summary>
    /// <exception cref="InvalidInputException">They are missing, or of another network.</exception>
    public static CompactNetwork Load(PretrainedNetwork known, RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        CompactNetwork network = PretrainedWeights.Load(
            known,
            context.Options.Training.Weights!,
            context.Space.Resolution,
            context.NetworkOptions,
            context.Observer,
            context.CancellationToken
        );
        try
        {
            if (network.KernelTransforms is not null)
            {
                EstimateStatistics(network, context);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Rejects other weights than a run began with: the file, or what is kept under a name, may have been replaced.
    /// </summary>
    /// <param name="network">The network with its weights.</param>
    /// <param name="store">The run that is resumed, or begins.</param>
    /// <param name="options">The job's options.</param>
    /// <returns>The fingerprint of the weights, for <see cref="RunPlan.WeightsFingerprint"/>.</returns>
    /// <exception cref="InvalidInputException">They are others.</exception>
    public static string RequireSameWeights(CompactNetwork network, RunStore store, RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        // Without the statistics, which may have been estimated on the images.
        foreach (NetworkTensor tensor in network.Tensors.Where(tensor => tensor.IsTrained))
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(tensor.ToArray()));
        }

        string fingerprint = Convert.ToHexStringLower(hash.GetHashAndReset());
        return !options.Resume || (store.Plan.WeightsFingerprint ?? fingerprint) == fingerprint
            ? fingerprint
            : throw new InvalidInputException(
                $"'{store.Directory.Root}' began with other weights than those of TrainingOptions.Weights = "
                    + $"'{options.Training.Weights}' are now; restore them, or begin another run"
            );
    }

    /// <summary>The network for the images and classes of a job, which says where its weights come from.</summary>
    public static Architecture SizedFor(RunContext context, PretrainedNetwork known) =>
        known.Architecture.WithInput(context.Space.Resolution, context.Images.Channels, context.Classes) with
        {
            Metadata = MetadataOf(known, context),
        };

    /// <summary>The file of the network that a run began with; null if it has none yet.</summary>
    private static string? NetworkFileOf(RunDirectory run) =>
        ((string[])[run.Architecture, run.Spanning]).FirstOrDefault(File.Exists);

    /// <summary>
    /// The input of the weights: of a network from a file, the weights tell; a resumed run keeps what it began with.
    /// </summary>
    private static PretrainedInput InputOf(PretrainedNetwork known, RunStore? before, RunContext context)
    {
        if (known.File is null)
        {
            return known.Input;
        }

        if (
            before is not null
            && NetworkFileOf(before.Directory) is { } begun
            && PretrainedInput.Of(ArchitectureFile.Read(begun)) is { } kept
        )
        {
            return kept;
        }

        string weights = context.Options.Training.Weights!;
        return PretrainedWeights.Completed(known, PretrainedWeights.Read(weights), weights, context.Observer).Input;
    }

    /// <summary>
    /// Rejects more parts than there are different images, and parts that leave too few of them to choose a classifier
    /// on: copies are in one part.
    /// </summary>
    private static void RequireDifferent(ImageSet images, int folds, string path)
    {
        int different = Enumerable
            .Range(0, images.Count)
            .Select(i => (images.Label(i), images.Content(i)))
            .Distinct()
            .Count();
        int largestPart = (different + folds - 1) / folds;
        if (folds > different || different - largestPart < FineTuner.FewestDifferentImages)
        {
            throw new InvalidInputException(
                Invariant($"TrainingOptions.Folds = {folds}: '{path}' has {different} different images, ")
                    + (
                        folds > different
                            ? "and a part needs one; 5 or 10 parts are usual"
                            : Invariant($"and without a part fewer than {FineTuner.FewestDifferentImages} are left to ")
                                + "learn from; add images, or leave it out"
                    )
            );
        }
    }

    private static void EstimateStatistics(CompactNetwork network, RunContext context)
    {
        ImageSet images = context.Images.AllTraining;
        int[] chosen = images.SpreadOverClasses(MostImagesOfStatistics);

        // A folder lists one class after another, and the variance within batches of one class is too small.
        new SplitMix64(context.Options.Seed).Shuffle(chosen);
        ImageSet some = images.Subset(chosen);
        context.Observer.Message(
            Invariant($"statistics of batch norm: estimated on {some.Count} training images, since those of a ")
                + "super-network are of many networks"
        );
        using BatchLoader loader = context.Loaders.Evaluation(some);
        NetworkEvaluator.ReestimateStatistics(
            network,
            OneByOne(loader.Epoch(0, 0, context.CancellationToken)),
            context.CancellationToken
        );
    }

    private static IEnumerable<Batch> OneByOne(IEnumerable<Batch> batches)
    {
        foreach (Batch batch in batches)
        {
            using (batch)
            {
                yield return batch;
            }
        }
    }

    /// <summary>
    /// What a run keeps of which network it began with: a file may call its network like a known one, whose input it
    /// does not have.
    /// </summary>
    private static string NameOf(PretrainedNetwork network) =>
        PretrainedNetworks.Networks.Contains(network) ? network.Architecture.Name : Other;

    private static Dictionary<string, string> MetadataOf(PretrainedNetwork known, RunContext context)
    {
        var metadata = new Dictionary<string, string>(known.Architecture.Metadata)
        {
            [PretrainedNetworks.MetadataKey] = NameOf(known),
            [PretrainedNetworks.WeightsKey] = Path.GetFileName(context.Options.Training.Weights!),
            [PretrainedNetworks.OriginKey] = known.Origin,
        };
        if (known.File is not null && context.Input is { } input && input.Name != PretrainedInput.Usual.Name)
        {
            metadata[PretrainedNetworks.InputKey] = input.Name;
        }

        if (known.License.Length > 0)
        {
            metadata[PretrainedNetworks.LicenseKey] = known.License;
        }

        return metadata;
    }
}
