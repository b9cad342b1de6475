namespace Proxyless.Runs;

/// <summary>
/// How a network is trained. Batch size, weight decay, label smoothing, class weights and the processing of images
/// apply to the weights of a search too, and the learning rate if <see cref="SearchOptions.LearningRate"/> is null.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>The numbers that each property accepts, by its name.</summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(Epochs)] = new(1e-6, 1e6),
            [nameof(Patience)] = new(1, 1e6, IsWhole: true),
            [nameof(BatchSize)] = new(2, 65536, IsWhole: true, Note: "batch norm needs more than one image"),
            [nameof(LearningRate)] = new(1e-9, 100),
            [nameof(WeightDecay)] = new(0, 1),
            [nameof(LabelSmoothing)] = new(0, 0.99),
            [nameof(Dropout)] = new(0, 0.99),
            [nameof(Erase)] = new(0, 1),
            [nameof(Mixup)] = new(0, 1),
            [nameof(Ema)] = new(1e-6, 0.999999),
            [nameof(MinimumCrop)] = new(1e-6, 1),
            [nameof(Folds)] = new(2, 100, IsWhole: true),
        };

    /// <summary>
    /// Pretrained weights to begin with: a name of <see cref="Pretrained.PretrainedModel.All"/>, or a file; null:
    /// random ones.
    /// </summary>
    public string? Weights { get; init; }

    /// <summary>
    /// With <see cref="Weights"/>: the number of parts of all images, but those of a test or validation folder of their
    /// own; on each part a network is tested that was trained on the others, and the mean says more than a small test
    /// set. Null: none.
    /// </summary>
    public int? Folds { get; init; }

    /// <summary>
    /// With <see cref="Weights"/>: whether the whole network is trained first, and the smaller network of a run learns
    /// its answers instead of the labels. It takes three to four times as long.
    /// </summary>
    public bool Teacher { get; init; }

    /// <summary>Epochs of the final training; null: from the size of the data.</summary>
    public double? Epochs { get; init; }

    /// <summary>
    /// Epochs after which the training of the network ends if none of them was better on the validation images than all
    /// before; null: it makes all its steps. The rate falls to 0 only at the last step, so a small number ends it too
    /// early.
    /// </summary>
    public int? Patience { get; init; }

    /// <summary>
    /// Images per step; null: 128 for small images at a small resolution, otherwise 32, and never more than there are.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>
    /// Peak learning rate of weights for 256 images per step; scaled in proportion to the batch size. Null: 0.2.
    /// </summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// Weight decay of convolutions and classifier; null: 5e-4 for small images, 1e-4 for large ones.
    /// </summary>
    public double? WeightDecay { get; init; }

    /// <summary>Share of the target that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>Whether classes are weighted by the inverse of their frequency.</summary>
    public bool ClassWeights { get; init; }

    /// <summary>
    /// Smallest share of a photograph's area that a training crop keeps; null: 0.25, or 0.5 with <see cref="Weights"/>.
    /// Small images are padded and cropped instead.
    /// </summary>
    public double? MinimumCrop { get; init; }

    /// <summary>
    /// Whether to train without mirrored images. Images of IDX files, and all that are read as gray, never are, since
    /// they may be digits and letters.
    /// </summary>
    public bool NoFlip { get; init; }

    /// <summary>
    /// Share of the images from which the final training erases a rectangle; null: half of small images, none of large
    /// ones.
    /// </summary>
    public double? Erase { get; init; }

    /// <summary>
    /// Whether the final training gives each image one random change of random strength, such as a rotation, a shear or
    /// other colors (TrivialAugment, arXiv 2103.10158). It takes the place of the usual change of colors.
    /// </summary>
    public bool TrivialAugment { get; init; }

    /// <summary>
    /// How much the final training mixes images and their labels in pairs (mixup, arXiv 1710.09412): both parameters of
    /// the beta distribution of the shares, 0 for not at all.
    /// </summary>
    public double Mixup { get; init; }

    /// <summary>Share of the pooled features that the final training drops.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Decay of a moving average of the weights that is evaluated and exported instead of them; null: none, or 0.99
    /// with <see cref="Weights"/>.
    /// </summary>
    public double? Ema { get; init; }

    /// <summary>
    /// Whether to train also on the images that the architecture was chosen on; the last epoch is kept, since no images
    /// are left to choose the best one.
    /// </summary>
    public bool OnAll { get; init; }

    /// <summary>Whether the final training starts from the super-network's weights instead of random ones.</summary>
    public bool FromSupernet { get; init; }

    internal void ValidateValues()
    {
        var ranges = new OptionRanges(nameof(TrainingOptions), Ranges);
        ranges.Require(nameof(Epochs), Epochs);
        ranges.Require(nameof(Patience), Patience);
        ranges.Require(nameof(BatchSize), BatchSize);
        ranges.Require(nameof(LearningRate), LearningRate);
        ranges.Require(nameof(WeightDecay), WeightDecay);
        ranges.Require(nameof(LabelSmoothing), LabelSmoothing);
        ranges.Require(nameof(Dropout), Dropout);
        ranges.Require(nameof(Erase), Erase);
        ranges.Require(nameof(Mixup), Mixup);
        ranges.Require(nameof(Ema), Ema);
        ranges.Require(nameof(MinimumCrop), MinimumCrop);
        ranges.Require(nameof(Folds), Folds);
    }

    internal void ValidateTogether()
    {
        if (Folds is not null && Weights is null)
        {
            throw new InvalidInputException("TrainingOptions.Folds needs TrainingOptions.Weights; leave it out");
        }

        if (Patience is not null && Folds is not null)
        {
            throw new InvalidInputException(
                "TrainingOptions.Patience and TrainingOptions.Folds exclude each other, since the networks of the "
                    + "folds have no validation images; leave one of them out"
            );
        }

        if (Teacher && Weights is null)
        {
            throw new InvalidInputException("TrainingOptions.Teacher needs TrainingOptions.Weights; leave it out");
        }

        if (Patience is not null && OnAll)
        {
            throw new InvalidInputException(
                "TrainingOptions.Patience needs validation images, and TrainingOptions.OnAll trains on them; leave one "
                    + "of them out"
            );
        }

        if (Weights is not null && FromSupernet)
        {
            throw new InvalidInputException(
                "TrainingOptions.Weights and TrainingOptions.FromSupernet exclude each other; leave one of them out"
            );
        }
    }
}
