using Proxyless.Data;
using Proxyless.Pretrained;
using Proxyless.Runtime;

namespace Proxyless.Runs;

/// <summary>Creates the batches of a run: for training, for evaluating a network, for evaluating its model.</summary>
/// <param name="options">The resolved options.</param>
/// <param name="images">The images.</param>
/// <param name="seed">Seed of order and augmentation.</param>
/// <param name="input">The input of pretrained weights; null for networks that are trained from scratch.</param>
/// <param name="part">The part of each batch that this process makes.</param>
internal sealed class RunLoaders(
    RunOptions options,
    ImageDataset images,
    int seed,
    PretrainedInput? input,
    BatchPart part
)
{
    // Batch size of evaluation: it affects only the memory used.
    private const int SmallImagesAtOnce = 256;
    private const int LargeImagesAtOnce = 32;

    // 1 GiB of them.
    private const long ValuesAtOnce = 1L << 28;

    private readonly bool _areSmall = ImageFacts.Of(images).AreSmall;

    /// <summary>Shorter side of the copies that stand for much larger images, in pixels; 0 for none.</summary>
    public int CopySide => _areSmall ? 0 : RunDefaults.CopySide(options);

    /// <summary>Images per step: the requested number, or all if there are fewer.</summary>
    public int BatchSize =>
        Math.Min(
            options.Training.BatchSize!.Value,
            options.Training.Weights is not null
                ? FinalImages.Count
                : Math.Min(images.Weights.Count, images.Training.Count)
        );

    /// <summary>Rejects a batch of a training that has more values than are possible.</summary>
    /// <exception cref="InvalidInputException">Images per step and their resolution are too many together.</exception>
    public void RequirePossibleBatch() => RequirePossible(BatchSize);

    /// <summary>Images per step of a training on a number of images.</summary>
    public int BatchSizeOf(int count) => Math.Min(BatchSize, count);

    /// <summary>Steps in which a training sees every image of a set once.</summary>
    public int BatchesPerEpoch(ImageSet set) => set.Count / BatchSizeOf(set.Count);

    /// <summary>
    /// Augmentation for the weights of a search, and for training except for what <see cref="FinalTransforms"/> adds.
    /// </summary>
    public Transforms TrainingTransforms =>
        Normalized(
            Transforms.ForTraining(
                options.Data.Resolution!.Value,
                _areSmall,
                images.Channels,
                flip: !options.Training.NoFlip && !images.AreGray
            ) with
            {
                MinimumScale = options.Training.MinimumCrop!.Value,
                CopySide = CopySide,
            }
        );

    /// <summary>
    /// Augmentation for the training of one network, which sees each image far more often than a path of a search does.
    /// </summary>
    public Transforms FinalTransforms =>
        TrainingTransforms with
        {
            Erase = options.Training.Erase!.Value,
            TrivialAugment = options.Training.TrivialAugment,
        };

    /// <summary>The processing of an image for evaluation.</summary>
    public Transforms EvaluationTransforms =>
        Normalized(
            input is null || _areSmall
                ? Transforms.ForEvaluation(options.Data.Resolution!.Value, _areSmall, images.Channels)
                : Transforms.ForEvaluation(input.RecipeAt(options.Data.Resolution!.Value))
        );

    /// <summary>The images that the chosen network is trained on.</summary>
    public ImageSet FinalImages => options.Training.OnAll ? images.AllTraining : images.Training;

    /// <summary>Shuffled batches, augmented as in a search; the last, smaller one of an epoch is left out.</summary>
    /// <param name="set">The images.</param>
    /// <param name="use">Their use, which seeds their order.</param>
    public BatchLoader Training(ImageSet set, RandomUse use) => Shuffled(set, use, TrainingTransforms);

    /// <summary>Shuffled batches of <see cref="FinalImages"/>, augmented for the training of one network.</summary>
    public BatchLoader FinalTraining() => FinalTraining(FinalImages);

    /// <summary>Shuffled batches of some images, augmented for the training of one network.</summary>
    public BatchLoader FinalTraining(ImageSet set) => Shuffled(set, RandomUse.WeightImages, FinalTransforms);

    /// <summary>
    /// Batches in order, augmented for the training of a classifier of fixed features, which do not adapt to what
    /// <see cref="TrainingOptions.TrivialAugment"/> does.
    /// </summary>
    public BatchLoader InOrderAugmented(ImageSet set) =>
        OwnInOrder(set, FinalTransforms with { TrivialAugment = false });

    /// <summary>
    /// Batches in order, not augmented, for what is measured again and again: copies stand for large photographs.
    /// </summary>
    public BatchLoader Evaluation(ImageSet set) => OwnInOrder(set, EvaluationTransforms with { CopySide = CopySide });

    /// <summary>The same from the photographs themselves, as a deployed model has them.</summary>
    public BatchLoader Deployed(ImageSet set) => OwnInOrder(set, EvaluationTransforms);

    /// <summary>
    /// Batches in order in the form that an exported model takes: not augmented, prepared by its recipe.
    /// </summary>
    public BatchLoader Model(ImageSet set) => OwnInOrder(set, Transforms.ForModel(EvaluationTransforms.Recipe!));

    /// <summary>Shuffled batches in the form that an exported model takes, augmented as in a search.</summary>
    public BatchLoader ModelTraining(ImageSet set)
    {
        var model = Transforms.ForModel(EvaluationTransforms.Recipe!);
        return Shuffled(set, RandomUse.WeightImages, TrainingTransforms with { Mean = model.Mean, Std = model.Std });
    }

    /// <summary>Batches in order.</summary>
    /// <param name="set">The images.</param>
    /// <param name="transforms">The processing of each image.</param>
    /// <param name="smallImages">Whether they are small images, of which more are loaded at once.</param>
    /// <param name="threads">Threads that decode.</param>
    /// <param name="part">The part of each batch that is made.</param>
    public static BatchLoader InOrder(
        ImageSet set,
        Transforms transforms,
        bool smallImages,
        int threads,
        BatchPart part
    )
    {
        int most = smallImages ? SmallImagesAtOnce : LargeImagesAtOnce;
        int batchSize = (int)Math.Clamp(ValuesAtOnce / transforms.Length, 1, Math.Clamp(set.Count, 1, most));
        return new BatchLoader(set, transforms, batchSize, seed: 0, shuffle: false, dropLast: false, threads)
        {
            LeavesOutUnreadable = true,
            Part = part,
        };
    }

    private BatchLoader OwnInOrder(ImageSet set, Transforms transforms) =>
        InOrder(set, transforms, _areSmall, options.Threads!.Value, part);

    private Transforms Normalized(Transforms transforms) =>
        input is null ? transforms : transforms with { Mean = [.. input.Mean], Std = [.. input.Deviation] };

    private BatchLoader Shuffled(ImageSet set, RandomUse use, Transforms transforms)
    {
        int batchSize = BatchSizeOf(set.Count);
        RequirePossible(batchSize);
        return new BatchLoader(
            set,
            transforms,
            batchSize,
            unchecked((int)SeedSequence.Mix(seed, use, 0)),
            shuffle: true,
            dropLast: true,
            options.Threads!.Value
        )
        {
            Part = part,
        };
    }

    private void RequirePossible(int batchSize)
    {
        int side = options.Data.Resolution!.Value;
        long values = (long)side * side * images.Channels;
        long most = BatchLoader.MostValues / values;
        if (part.Longest(batchSize) > most)
        {
            throw new InvalidInputException(
                Invariant($"TrainingOptions.BatchSize = {batchSize} at DataOptions.Resolution = {side} makes a batch ")
                    + Invariant($"of {batchSize * values:N0} values; {BatchLoader.MostValues:N0} are possible: make ")
                    + Invariant($"the batch {most * part.Count} images or fewer, or the resolution smaller")
            )
            {
                Property = "TrainingOptions.BatchSize",
                Value = Invariant($"{batchSize}"),
            };
        }
    }
}
