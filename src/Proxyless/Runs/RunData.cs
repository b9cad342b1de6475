using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runtime;
using TorchSharp;

namespace Proxyless.Runs;

/// <summary>The images of a run and what follows from them: space, transforms, batches.</summary>
public sealed class RunData : IDisposable
{
    // Datasets of which fewer steps than this go into an epoch get more epochs, and the other way round.
    private const long DefaultSearchSteps = 3500;
    private const long DefaultTrainSteps = 6500;
    private const int LargestSmallImage = 64;
    private const int DefaultSmallImages = 128;
    private const int DefaultLargeImages = 32;
    private const double DefaultSmallDecay = 5e-4;
    private const double DefaultLargeDecay = 1e-4;
    private const double DefaultSmallErase = 0.5;
    private const int SmallImagesAtOnce = 256;
    private const int LargeImagesAtOnce = 32;

    private readonly Lazy<ITarget> _target;
    private readonly List<ITarget> _others = [];

    private RunData(RunOptions options, ImageDataset images, SearchSpace space, bool smallImages, Lazy<ITarget> target)
    {
        _target = target;
        Options = options;
        Images = images;
        Space = space;
        SmallImages = smallImages;
        Device = ComputeDevice.Parse(options.Device);
        Threads = ThreadCount.Of(options.Threads);
        TrainingSeed = options.Seed;
    }

    /// <summary>Seed of weights, order and augmentation; the images are divided by that of <see cref="Options"/>, which it is unless told otherwise.</summary>
    public int TrainingSeed { get; private init; }

    /// <summary>The options, unresolved ones resolved.</summary>
    public RunOptions Options { get; }

    /// <summary>The images.</summary>
    public ImageDataset Images { get; }

    /// <summary>The space, at the resolution and channels of the run.</summary>
    public SearchSpace Space { get; }

    /// <summary>Whether images are augmented as small ones, by padding and cropping.</summary>
    public bool SmallImages { get; }

    /// <summary>Where networks live.</summary>
    public torch.Device Device { get; }

    /// <summary>How networks are made.</summary>
    public NetworkOptions NetworkOptions => new() { Device = Device, Kernels = Options.Kernels, SharesWeights = !Options.SeparateWeights, Seed = TrainingSeed };

    /// <summary>Threads of training and decoding.</summary>
    public int Threads { get; }

    /// <summary>Number of classes.</summary>
    public int Classes => Images.Classes.Count;

    /// <summary>The target, opened when it is first asked for: a training needs none.</summary>
    /// <exception cref="InvalidInputException">There is no such target, or its file is wrong.</exception>
    public ITarget Target => _target.Value;

    /// <summary>Opens data and space, loads libtorch and sets its threads.</summary>
    public static RunData Open(RunOptions options, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        options.Validate();
        int threads = PrepareLibtorch(options, observer);
        ImageDataset images = ImageDataset.Open(
            ImagesOf(options),
            observer,
            cancellationToken);
        if (options.TrainOnAll && images.HasOwnValidation)
        {
            throw new InvalidInputException($"--train-on-all: '{options.Data}' has a val/ of its own, so all of its train/ is trained on anyway; leave the option out");
        }

        string name = options.Space ?? (options.Data == "sample" ? "tiny" : images.NativeResolution is > 0 and <= 48 ? "cifar" : "imagenet-mobile");
        SearchSpace space = SearchSpaceFile.Open(name);
        space = space.WithInput(options.Resolution ?? space.Resolution, images.Channels);

        // Memory and time go by the network's resolution, to which small images may be enlarged.
        int wanted = options.BatchSize ?? (AreSmall(images) && space.Resolution <= LargestSmallImage ? DefaultSmallImages : DefaultLargeImages);
        if (Math.Min(images.Weights.Count, images.Training.Count) < 2)
        {
            throw new InvalidInputException($"'{options.Data}' has {images.Weights.Count} training images; at least 2 are needed for a step");
        }

        RunOptions resolved = RunPaths.Whole(options) with
        {
            Space = RunPaths.Whole(options with { Space = name }).Space,
            Resolution = space.Resolution,
            Channels = images.Channels,
            BatchSize = wanted,
            WeightDecay = options.WeightDecay ?? (AreSmall(images) ? DefaultSmallDecay : DefaultLargeDecay),
            Erase = options.Erase ?? (AreSmall(images) ? DefaultSmallErase : 0),
            Threads = threads,
        };
        return new RunData(resolved, images, space, AreSmall(images), new Lazy<ITarget>(() => TargetFile.Open(options.Target)));
    }

    /// <summary>Opens another target, which is disposed with these.</summary>
    /// <exception cref="InvalidInputException">There is no such target, or its file is wrong.</exception>
    internal ITarget OpenTarget(string nameOrFile)
    {
        ITarget target = TargetFile.Open(nameOrFile);
        _others.Add(target);
        return target;
    }

    /// <summary>
    /// Disposes the targets that were opened. A copy shares its target: the one that <see cref="Open"/> gave is
    /// disposed.
    /// </summary>
    public void Dispose()
    {
        if (_target.IsValueCreated)
        {
            _target.Value.Dispose();
        }

        _others.ForEach(target => target.Dispose());
    }

    /// <summary>Loads libtorch, with the threads that were asked for.</summary>
    internal static int PrepareLibtorch(RunOptions options, IRunObserver observer)
    {
        Libtorch.Load();
        int threads = ThreadCount.OfLibtorch(options.Threads, observer);
        WarnOfWrongConvolutions(options, observer);
        return threads;
    }

    /// <summary>Which images the options mean, and how they are divided.</summary>
    internal static DatasetOptions ImagesOf(RunOptions options) => new()
    {
        Location = options.Data,
        Seed = options.Seed,
        ValidationShare = options.ValidationShare,
        TestShare = options.TestShare,
        Strict = options.Strict,
        HasBegun = options.Resume,
        MaxPixels = options.MaxPixels,
        Threads = ThreadCount.Of(options.Threads),
        Channels = options.Channels,
    };

    /// <summary>The same images, divided as they are, for a training that differs by chance alone.</summary>
    public RunData Reseeded(int trainingSeed) => new(Options, Images, Space, SmallImages, _target) { TrainingSeed = trainingSeed };

    /// <summary>The same images for another target alone; null: for the first.</summary>
    internal RunData For(TargetLimit? other) => other is null
        ? new RunData(Options with { AlsoFor = null }, Images, Space, SmallImages, _target)
        : new RunData(
            Options with { Target = RunPaths.WholeTarget(other.Target), LatencyMs = other.LatencyMs, AlsoFor = null },
            Images,
            Space,
            SmallImages,
            new Lazy<ITarget>(() => OpenTarget(other.Target)));

    /// <summary>Least time between two checkpoints, or null for the default.</summary>
    internal TimeSpan? CheckpointInterval => Options.CheckpointSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Images in a step: those that were asked for, or all there are.</summary>
    public int BatchSize => Math.Min(Options.BatchSize!.Value, Math.Min(Images.Weights.Count, Images.Training.Count));

    /// <summary>Augmentation for the weights of a search, and for training but for what <see cref="FinalTransforms"/> adds.</summary>
    public Transforms TrainingTransforms => Transforms.ForTraining(
        Space.Resolution, SmallImages, Images.Channels, flip: !Options.NoFlip && Images.Channels == 3) with
    {
        MinimumScale = Options.MinimumCrop,
    };

    /// <summary>Augmentation for the training of one network, which sees each image far more often than a path of a search does.</summary>
    public Transforms FinalTransforms => TrainingTransforms with { Erase = Options.Erase!.Value };

    /// <summary>What the chosen network is trained on.</summary>
    public ImageSet FinalImages => Options.TrainOnAll ? Images.AllTraining : Images.Training;

    /// <summary>What is done to an image that is judged.</summary>
    public Transforms EvaluationTransforms => Transforms.ForEvaluation(Space.Resolution, SmallImages, Images.Channels);

    /// <summary>Shuffled, augmented batches; the last, smaller one of an epoch is left out.</summary>
    public BatchLoader TrainingBatches(ImageSet images, RandomUse use, Transforms transforms) => new(
        images, transforms, Math.Min(BatchSize, images.Count), Seed(use), shuffle: true, dropLast: true, Threads);

    /// <summary>Batches in order, not augmented.</summary>
    public BatchLoader EvaluationBatches(ImageSet images) => InOrder(images, EvaluationTransforms, SmallImages, Threads);

    /// <summary>Batches in order as an exported model takes them: not augmented, not normalised.</summary>
    public BatchLoader ModelBatches(ImageSet images) => InOrder(images, EvaluationTransforms.WithoutNormalisation(), SmallImages, Threads);

    /// <summary>The peak learning rate at the run's batch size (linear scaling: Goyal et al., arXiv 1706.02677).</summary>
    public double LearningRate => Options.LearningRate * BatchSize / 256;

    /// <summary>A weight for each class where that was asked for.</summary>
    public IReadOnlyList<double>? ClassWeightsOf(ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Options.ClassWeights ? images.BalancedClassWeights() : null;
    }

    /// <summary>Weight steps of a search without <c>--time</c>.</summary>
    public long SearchSteps(long batchesPerEpoch) => Steps(Options.SearchEpochs, batchesPerEpoch, SampleScale(DefaultSearchSteps));

    /// <summary>Steps of a training without <c>--time</c>.</summary>
    public long TrainSteps(long batchesPerEpoch) => Steps(Options.TrainEpochs, batchesPerEpoch, SampleScale(DefaultTrainSteps));

    /// <summary>Batches in order.</summary>
    internal static BatchLoader InOrder(ImageSet images, Transforms transforms, bool smallImages, int threads)
    {
        ArgumentNullException.ThrowIfNull(images);
        int most = smallImages ? SmallImagesAtOnce : LargeImagesAtOnce;
        return new BatchLoader(images, transforms, Math.Clamp(images.Count, 1, most), seed: 0, shuffle: false, dropLast: false, threads)
        {
            LeavesOutUnreadable = true,
        };
    }

    private static void WarnOfWrongConvolutions(RunOptions options, IRunObserver observer)
    {
        if (options is { Kernels: BlockKernels.Libtorch, Device: "cpu" } && ConvolutionCheck.WrongOutputs() is { Count: > 0 } wrong)
        {
            observer.Warning(
                $"libtorch's 1x1 convolutions are wrong on this processor (to {string.Join(", ", wrong)} channels, of a few that were tried), "
                + "and networks trained with them may be too; begin a run without --kernels libtorch");
        }
    }

    private static bool AreSmall(ImageDataset images) => images.NativeResolution is > 0 and <= LargestSmallImage;

    private static long Steps(double? epochs, long batchesPerEpoch, long otherwise) =>
        Math.Max(1, epochs is { } given ? (long)Math.Round(given * batchesPerEpoch) : otherwise);

    // The sample images are for trying things out: a tenth of the steps is enough for them.
    private long SampleScale(long steps) => Options.Data == "sample" ? steps / 10 : steps;

    private int Seed(RandomUse use) => unchecked((int)SeedSequence.Mix(TrainingSeed, use, 0));
}
