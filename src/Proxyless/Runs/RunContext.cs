using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Distributed;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runtime;
using TorchSharp;

namespace Proxyless.Runs;

/// <summary>
/// The common context of all stages of a run: resolved options, images, space, clock, observer and the cancellation
/// token. It is created once and owns nothing; what differs for one target or one training is a copy. A run's target is
/// in its <see cref="SearchGoal"/>, since a training needs none.
/// </summary>
internal sealed record RunContext
{
    /// <summary>The fewest images of a step in each process: batch norm has no statistics of a single one.</summary>
    internal const int FewestImagesOfStep = 2;

    /// <summary>The resolved options.</summary>
    public required RunOptions Options { get; init; }

    /// <summary>The images.</summary>
    public required ImageDataset Images { get; init; }

    /// <summary>The space, at the resolution and channels of the run.</summary>
    public required SearchSpace Space { get; init; }

    /// <summary>The job's time, which every stage is charged with.</summary>
    public required RunClock Clock { get; init; }

    /// <summary>Receives progress, and keeps the warnings.</summary>
    public required WarningRecorder Observer { get; init; }

    /// <summary>Stops the run with a checkpoint.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>
    /// Seed of weights, order and augmentation; by default the seed of <see cref="Options"/>, which always divides the
    /// images.
    /// </summary>
    public required int TrainingSeed { get; init; }

    /// <summary>The input of the pretrained weights that the network began with; null if it did not.</summary>
    public PretrainedInput? Input { get; init; }

    /// <summary>What batch norms do in training; the statistics of pretrained weights stay.</summary>
    public NormPass Norms => Input is null ? NormPass.Training : NormPass.Evaluation;

    /// <summary>The largest norm of the gradients of a training step; null for any.</summary>
    public double? MostGradient => Input is null ? null : RunDefaults.MostGradientOfFineTuning;

    /// <summary>The processes that share the steps of trainings; this one leads, or is told of them.</summary>
    public ProcessGroup Group { get; init; } = ProcessGroup.Current;

    /// <summary>Creates whole batches.</summary>
    public RunLoaders Loaders => LoadersOf(BatchPart.Whole);

    /// <summary>Creates the part of each batch that one of several processes takes.</summary>
    public RunLoaders LoadersOf(BatchPart part) => new(Options, Images, TrainingSeed, Input, part);

    /// <summary>Whether images are augmented as small ones, by padding and cropping.</summary>
    public bool SmallImages => ImageFacts.Of(Images).AreSmall;

    /// <summary>The device of the networks.</summary>
    public required torch.Device Device { get; init; }

    /// <summary>How networks are created.</summary>
    public NetworkOptions NetworkOptions =>
        new()
        {
            Device = Device,
            Kernels = Options.Kernels,
            SharesWeights = !Options.Search.SeparateWeights,
            Seed = TrainingSeed,
        };

    /// <summary>Threads of training and decoding.</summary>
    public int Threads => Options.Threads!.Value;

    /// <summary>The requested number of threads of each process; null if each uses its own processors.</summary>
    public int? ThreadsOfAnyProcess => Group.Size > 1 && Threads == Group.Threads ? null : Threads;

    /// <summary>Number of classes.</summary>
    public int Classes => Images.Classes.Count;

    /// <summary>The peak learning rate of a training at the run's batch size.</summary>
    public double LearningRate => RunDefaults.LearningRate(Options, Loaders.BatchSize);

    /// <summary>The peak learning rate of a search's weights at the run's batch size.</summary>
    /// <param name="weightSteps">Weight steps of the search.</param>
    public double SearchLearningRate(long weightSteps) =>
        RunDefaults.SearchLearningRate(Options, SmallImages, weightSteps, Loaders.BatchSize);

    /// <summary>Minimum time between two checkpoints, or null for the default.</summary>
    public TimeSpan? CheckpointInterval =>
        Options.CheckpointSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Sets up the process, opens images and space and resolves the options.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Stops the opening, and the run.</param>
    /// <exception cref="InvalidInputException">Options, images or space cannot be used.</exception>
    public static RunContext Open(
        RunOptions options,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        options.Validate();
        var warnings = new WarningRecorder(observer);
        int threads = RunProcess.Prepare(options, warnings);
        torch.Device device = ComputeDevice.Parse(options.Device);
        var images = ImageDataset.Open(DatasetOptionsWithCopies(options, threads), warnings, cancellationToken);
        if (options.Training.OnAll && images.HasOwnValidation)
        {
            throw new InvalidInputException(
                $"TrainingOptions.OnAll: '{options.Data.Path}' has a val/ of its own, so all of its train/ is trained "
                    + $"on anyway; leave the option out"
            );
        }

        var facts = ImageFacts.Of(images);
        SearchSpace space = SpaceOf(options, facts);
        if (Math.Min(images.Weights.Count, images.Training.Count) < FewestImagesOfStep)
        {
            throw new InvalidInputException(
                $"'{options.Data.Path}' has {images.Weights.Count} training images; at least 2 are needed for a step"
            );
        }

        var context = new RunContext
        {
            Options = RunPaths.Whole(RunDefaults.Resolve(options, facts, space, threads)),
            Device = device,
            Images = images,
            Space = space,
            Clock = clock,
            Observer = warnings,
            CancellationToken = cancellationToken,
            TrainingSeed = options.Seed,
        };
        context.RequireShares(context.Loaders.BatchSize);
        context.LoadersOf(new BatchPart(0, context.Group.Size)).RequirePossibleBatch();
        context.SayCopies();
        return context;
    }

    /// <summary>Says whether copies stand for large images, and where they are.</summary>
    private void SayCopies()
    {
        int side = Loaders.CopySide;
        int copied = side == 0 ? 0 : Images.CountCopied(side);
        if (copied > 0 && Images.Copies is { } copies)
        {
            Observer.Message(
                Invariant(
                    $"{copied:N0} photographs are much larger than {Loaders.TrainingTransforms.Resolution} pixels: "
                        + $"copies of {side} pixels in '{copies.Folder}' stand for them ({copies.Bytes / 1e6:F1} MB "
                        + $"there); DataOptions.NoImageCache reads the photographs"
                )
            );
            if (!copies.HasRoomFor(copied, side))
            {
                Observer.Warning(
                    Invariant(
                        $"there is room for {copies.BytesLeft / 1e6:F0} MB of copies of photographs; those that cannot "
                            + $"be kept are made anew in each epoch, which takes longer than reading the photographs: "
                            + $"free some space at '{copies.Folder}', or give DataOptions.NoImageCache"
                    )
                );
            }
        }
    }

    /// <summary>Rejects a step with too few images for its processes.</summary>
    /// <param name="images">The images of a step.</param>
    /// <exception cref="InvalidInputException">They are too few.</exception>
    public void RequireShares(int images)
    {
        int least = FewestImagesOfStep * Group.Size;
        if (Group.Size > 1 && images < least)
        {
            throw new InvalidInputException(
                $"a step has {images} images, and each of {Group.Size} processes needs {FewestImagesOfStep}: start "
                    + $"fewer processes, or raise TrainingOptions.BatchSize to {least}"
            );
        }
    }

    /// <summary>The same for a job whose time is not recorded.</summary>
    /// <inheritdoc cref="Open(RunOptions, RunClock, IRunObserver, CancellationToken)"/>
    public static RunContext Open(
        RunOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    ) => Open(options, new RunClock(TimeProvider.System), observer, cancellationToken);

    /// <summary>Returns the images that the options name, and how they are divided.</summary>
    public static DatasetOptions DatasetOptionsOf(RunOptions options) =>
        new()
        {
            Location = options.Data.Path,
            Seed = options.Seed,
            ValidationShare = options.Data.ValidationShare,
            TestShare = options.Data.TestShare,
            Strict = options.Data.Strict,
            HasBegun = options.Resume,
            HasWeights = options.Training.Weights is not null,
            MaxPixels = options.Data.MaxPixels,
            Threads = ThreadCount.Of(options.Threads),
            Channels = options.Data.Channels,
        };

    /// <summary>The same with copies of photographs, at the size that the run will want.</summary>
    private static DatasetOptions DatasetOptionsWithCopies(RunOptions options, int threads)
    {
        if (options.Data.NoImageCache == true)
        {
            return DatasetOptionsOf(options);
        }

        // Small images, of which there are no copies, may have another space.
        var photographs = new ImageFacts(0, options.Data.Channels ?? 3);
        SearchSpace space = SpaceOf(options, photographs);
        return DatasetOptionsOf(options) with
        {
            Copies = ImageCopies.Open(),
            CopySide = RunDefaults.CopySide(RunDefaults.Resolve(options, photographs, space, threads)),
        };
    }

    /// <summary>The space, at the resolution and channels of a run on such images.</summary>
    private static SearchSpace SpaceOf(RunOptions options, ImageFacts images)
    {
        SearchSpace space = SearchSpaceFile.Open(RunDefaults.SpaceOf(options, images));
        return space.WithInput(options.Data.Resolution ?? space.Resolution, images.Channels);
    }

    /// <summary>Returns the same images, divided alike, for a training that differs only by chance.</summary>
    /// <param name="trainingSeed">Seed of weights, order and augmentation.</param>
    /// <param name="clock">The time of that training.</param>
    public RunContext Reseeded(int trainingSeed, RunClock clock) =>
        this with
        {
            TrainingSeed = trainingSeed,
            Clock = clock,
        };

    /// <summary>Returns the same images for only one of several limits.</summary>
    public RunContext For(RunPart limit) =>
        this with
        {
            Options = Options with
            {
                Target = Options.Target with
                {
                    Name = RunPaths.WholeTarget(limit.Target),
                    LatencyMs = limit.LatencyMs,
                    AlsoFor = null,
                },
            },
        };

    /// <summary>Returns the same images with another limit on time.</summary>
    /// <param name="time">The limit, or null.</param>
    public RunContext WithTime(TimeSpan? time) => this with { Options = Options with { Time = time } };

    /// <summary>Returns the same images at the resolution of a network, with the space that it spans.</summary>
    /// <param name="network">The network, at that resolution.</param>
    public RunContext SpannedBy(Architecture network) =>
        this with
        {
            Space = SpannedSpace.Of(network),
            Options = Options with { Data = Options.Data with { Resolution = network.Resolution } },
        };

    /// <summary>Returns a weight for each class if that was requested.</summary>
    public IReadOnlyList<double>? ClassWeightsOf(ImageSet images) =>
        Options.Training.ClassWeights ? images.BalancedClassWeights() : null;
}
