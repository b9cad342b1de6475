using System.Globalization;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Everything a run can be told. What is null is chosen from the data and the machine, and stands resolved in the run's
/// <c>config.yaml</c>. <see cref="Validate"/> is the one place that checks ranges.
/// </summary>
public sealed record RunOptions
{
    /// <summary>The shortest <see cref="Time"/>.</summary>
    public static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    /// <summary>The longest <see cref="Time"/>: more than a year.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromHours(9999);

    /// <summary>The allowed <see cref="Time"/>, for messages.</summary>
    public const string TimeRange = "times from 1s to 9999h, such as 2h, 90m, 1h30m, 45s";

    /// <summary>
    /// The numbers that each property takes, by its name. The ends are far from what makes sense, and near enough
    /// that what is computed from them (epochs times batches, times as durations) stays within its type.
    /// </summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(LatencyMs)] = new(1e-6, 1e9, Note: "milliseconds"),
            [nameof(MaxParameters)] = new(1, 1e15, IsWhole: true),
            [nameof(MaxMacs)] = new(1, 1e15, IsWhole: true),
            [nameof(Resolution)] = new(8, 1024, IsWhole: true, Note: "pixels"),
            [nameof(Channels)] = new(1, 3, IsWhole: true, Note: "1 for grey or 3 for color"),
            [nameof(MaxPixels)] = new(1, DatasetOptions.MostPixels, IsWhole: true),
            [nameof(CheckpointSeconds)] = new(0.001, 86_400, Note: "seconds"),
            [nameof(Seed)] = new(int.MinValue, int.MaxValue, IsWhole: true),
            [nameof(Threads)] = new(1, 1024, IsWhole: true),
            [nameof(SearchEpochs)] = new(1e-6, 1e6),
            [nameof(WarmupShare)] = new(0, 0.99),
            [nameof(TrainEpochs)] = new(1e-6, 1e6),
            [nameof(BatchSize)] = new(2, 65536, IsWhole: true, Note: "batch norm needs more than one image"),
            [nameof(LearningRate)] = new(1e-9, 100),
            [nameof(WeightDecay)] = new(0, 1),
            [nameof(ArchitectureLearningRate)] = new(1e-9, 10),
            [nameof(ArchitectureInterval)] = new(1, 1e6, IsWhole: true),
            [nameof(ReinforceSamples)] = new(1, 1000, IsWhole: true),
            [nameof(Evaluations)] = new(0, 100_000, IsWhole: true),
            [nameof(Finalists)] = new(1, 64, IsWhole: true),
            [nameof(ObjectiveWeight)] = new(0, 1e6),
            [nameof(PruneThreshold)] = new(0, 0.49),
            [nameof(LabelSmoothing)] = new(0, 0.99),
            [nameof(Dropout)] = new(0, 0.99),
            [nameof(Erase)] = new(0, 1),
            [nameof(Ema)] = new(1e-6, 0.999999),
            [nameof(MinimumCrop)] = new(1e-6, 1),
            [nameof(ValidationShare)] = new(1e-6, 0.5),
            [nameof(TestShare)] = new(1e-6, 0.5),
        };

    /// <summary>
    /// A folder of images, a folder of CIFAR-10 or IDX files, or <c>sample</c> for images drawn on the spot.
    /// </summary>
    public string Data { get; init; } = "sample";

    /// <summary>
    /// A space by name or YAML file; null: <c>tiny</c> for the sample, <c>cifar</c> for small images, else
    /// <c>imagenet-mobile</c>.
    /// </summary>
    public string? Space { get; init; }

    /// <summary>
    /// Where the model will run: <c>cpu</c>, <c>cpu:THREADS</c>, <c>cpu:THREADS:BATCH</c>, a target's YAML file, or the
    /// name of one that is kept.
    /// </summary>
    public string Target { get; init; } = "cpu";

    /// <summary>
    /// Further limits of a search, each with its target, as <c>cpu=5,cpu=8,board=30</c>: of
    /// <see cref="Target"/>, which has <see cref="LatencyMs"/> then, or of other targets; null for none. Weights are
    /// shared, each limit gets a network of its own (<see cref="ProxylessRun.RunAll"/>).
    /// </summary>
    public string? AlsoFor { get; init; }

    /// <summary>
    /// The most the model may take on the target, in milliseconds; null: the middle of what the space offers.
    /// </summary>
    public double? LatencyMs { get; init; }

    /// <summary>The most parameters the model may have.</summary>
    public long? MaxParameters { get; init; }

    /// <summary>The most multiply-adds the model may need for an image.</summary>
    public long? MaxMacs { get; init; }

    /// <summary>
    /// Time for the whole job; what images, profile and derivation take of it is taken from it before it is turned,
    /// once, into numbers of steps of search and training.
    /// </summary>
    public TimeSpan? Time { get; init; }

    /// <summary>The run directory; null: <c>runs/</c> and the time of day.</summary>
    public string? Out { get; init; }

    /// <summary>Side of the square image in pixels; null: the space's.</summary>
    public int? Resolution { get; init; }

    /// <summary>1 for grey, 3 for colour; null: as the data is.</summary>
    public int? Channels { get; init; }

    /// <summary>Seed of everything that is random.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Threads of training and decoding. A number is set in libtorch, for all of the process, until another run begins;
    /// null: the number that libtorch has (<see cref="Runtime.RuntimeOptions.Threads"/>).
    /// </summary>
    public int? Threads { get; init; }

    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>What computes the steps of training.</summary>
    public BlockKernels Kernels { get; init; }

    /// <summary>
    /// Least seconds between two checkpoints within an epoch, a tenth of them between those at epochs' ends; null: 300.
    /// </summary>
    public double? CheckpointSeconds { get; init; }

    /// <summary>Go on with the run that stands in <see cref="Out"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Replace the run that stands in <see cref="Out"/>.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Make an unreadable image an error instead of skipping it; all images are decoded in full before anything begins.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>The most pixels, width times height, of an image that is read; one of more is unreadable.</summary>
    public long MaxPixels { get; init; } = DatasetOptions.DefaultMaxPixels;

    /// <summary>Measure the latency table thoroughly (minutes) instead of quickly (seconds).</summary>
    public bool Thorough { get; init; }

    /// <summary>Epochs of the search over its training images; null: from the size of the data.</summary>
    public double? SearchEpochs { get; init; }

    /// <summary>
    /// Share of the search during which architecture parameters rest: even odds, or odds as near to the limits as a
    /// fifth of even ones among them allows.
    /// </summary>
    public double WarmupShare { get; init; } = 0.3;

    /// <summary>Epochs of the final training; null: from the size of the data.</summary>
    public double? TrainEpochs { get; init; }

    /// <summary>
    /// Images in a step; null: 128 where networks see small images as small ones or 32 where they are large, and never
    /// more than there are.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>Peak learning rate of weights for 256 images a step; scaled in proportion to the batch size.</summary>
    public double LearningRate { get; init; } = 0.2;

    /// <summary>
    /// Weight decay of convolutions and classifier; null: 5e-4 for small images, 1e-4 for large ones.
    /// </summary>
    public double? WeightDecay { get; init; }

    /// <summary>About what a step moves an architecture parameter; null: from the number of steps planned.</summary>
    public double? ArchitectureLearningRate { get; init; }

    /// <summary>Weight steps for each architecture step.</summary>
    public int ArchitectureInterval { get; init; } = 2;

    /// <summary>Give each candidate of a block convolutions of its own, as published, instead of shared ones.</summary>
    public bool SeparateWeights { get; init; }

    /// <summary>How the weight steps of a search teach the shared weights.</summary>
    public WeightUpdate WeightUpdate { get; init; } = WeightUpdate.Sandwich;

    /// <summary>
    /// Networks that are scored with the shared weights to choose one for a limit; 0: the architecture parameters
    /// alone choose; null: 100, half of them where other limits have scored that many, a tenth for the built-in images.
    /// </summary>
    public int? Evaluations { get; init; }

    /// <summary>
    /// Networks with the best scores that are trained a little, from the shared weights, to choose one of them; 1: the
    /// best score decides; null: 4.
    /// </summary>
    public int? Finalists { get; init; }

    /// <summary>How architecture parameters get their gradient.</summary>
    public ArchitectureUpdate Update { get; init; } = ArchitectureUpdate.TwoPath;

    /// <summary>Architectures in a step of the reinforce and leave-one-out updates.</summary>
    public int ReinforceSamples { get; init; } = 4;

    /// <summary>How costs enter the objective.</summary>
    public ObjectiveKind Objective { get; init; } = ObjectiveKind.Budget;

    /// <summary>lambda of the linear objective, beta of the logarithmic one.</summary>
    public double ObjectiveWeight { get; init; } = 0.6;

    /// <summary>Weight two-path gradients so that their mean is proportional to the full gradient.</summary>
    public bool CorrectPairs { get; init; }

    /// <summary>Let the search decide by itself, without lowering its entropy on a schedule.</summary>
    public bool NoEntropySchedule { get; init; }

    /// <summary>
    /// Candidates less probable than this are removed for good, which another limit may have needed; 0 keeps all.
    /// </summary>
    public double PruneThreshold { get; init; }

    /// <summary>
    /// Train on the images that the architecture was chosen on too; the last epoch is kept, for none are left to choose
    /// the best one.
    /// </summary>
    public bool TrainOnAll { get; init; }

    /// <summary>Start the final training from the super-network's weights instead of random ones.</summary>
    public bool FromSupernet { get; init; }

    /// <summary>Share of the target that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>Share of the pooled features that the final training drops.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Share of the images from which the final training erases a rectangle; null: half of small images, none of large
    /// ones.
    /// </summary>
    public double? Erase { get; init; }

    /// <summary>
    /// Decay of an average of the weights that is evaluated and exported instead of them; null for none.
    /// </summary>
    public double? Ema { get; init; }

    /// <summary>
    /// Least share of a photograph's area that a training crop keeps; small images are padded and cropped instead.
    /// </summary>
    public double MinimumCrop { get; init; } = 0.25;

    /// <summary>
    /// Train without mirrored images; grey images are never mirrored, for digits and letters are among them.
    /// </summary>
    public bool NoFlip { get; init; }

    /// <summary>Weight classes by the inverse of their frequency.</summary>
    public bool ClassWeights { get; init; }

    /// <summary>Share of the training images on which architecture parameters learn.</summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>Share of the images that become the test set where the data has none.</summary>
    public double TestShare { get; init; } = 0.15;

    /// <summary>Checks every range.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="InvalidInputException">
    /// A value is out of its range; the message names property, value and range.
    /// </exception>
    public RunOptions Validate()
    {
        Require(nameof(LatencyMs), LatencyMs);
        Require(nameof(MaxParameters), MaxParameters);
        Require(nameof(MaxMacs), MaxMacs);
        if (Time < LeastTime || Time > MostTime)
        {
            throw OutOfRange(nameof(Time), $"{Time}", TimeRange);
        }

        Require(nameof(Resolution), Resolution);
        Require(nameof(Channels), Channels);
        if (Channels == 2)
        {
            throw OutOfRange(nameof(Channels), "2", "1 (grey) and 3 (color)");
        }

        Require(nameof(Seed), Seed);
        Require(nameof(MaxPixels), MaxPixels);
        Require(nameof(Threads), Threads);
        Require(nameof(CheckpointSeconds), CheckpointSeconds);
        Require(nameof(SearchEpochs), SearchEpochs);
        Require(nameof(WarmupShare), WarmupShare);
        Require(nameof(TrainEpochs), TrainEpochs);
        Require(nameof(BatchSize), BatchSize);
        Require(nameof(LearningRate), LearningRate);
        Require(nameof(WeightDecay), WeightDecay);
        Require(nameof(ArchitectureLearningRate), ArchitectureLearningRate);
        Require(nameof(ArchitectureInterval), ArchitectureInterval);
        Require(nameof(ReinforceSamples), ReinforceSamples);
        Require(nameof(Evaluations), Evaluations);
        Require(nameof(Finalists), Finalists);
        if (Update == ArchitectureUpdate.LeaveOneOut && ReinforceSamples < 2)
        {
            throw OutOfRange(
                nameof(ReinforceSamples),
                $"{ReinforceSamples}",
                Invariant(
                    $"whole numbers from 2 to {Ranges[nameof(ReinforceSamples)].Most} with "
                        + $"ArchitectureUpdate.LeaveOneOut, which compares them"
                )
            );
        }

        Require(nameof(ObjectiveWeight), ObjectiveWeight);
        Require(nameof(PruneThreshold), PruneThreshold);
        Require(nameof(LabelSmoothing), LabelSmoothing);
        Require(nameof(Dropout), Dropout);
        Require(nameof(Erase), Erase);
        Require(nameof(Ema), Ema);
        Require(nameof(MinimumCrop), MinimumCrop);
        Require(nameof(ValidationShare), ValidationShare);
        Require(nameof(TestShare), TestShare);
        _ = RunParts.Of(this);
        if (Resume && Overwrite)
        {
            throw new InvalidInputException("RunOptions.Resume and RunOptions.Overwrite exclude each other");
        }

        return this;
    }

    /// <summary>
    /// Checks, beside every range, what a search that begins cannot do; a training or derivation that follows one can.
    /// </summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="InvalidInputException">
    /// A value is out of its range, or two options do not go together.
    /// </exception>
    internal RunOptions ValidateForSearch()
    {
        if (Objective == ObjectiveKind.Log && (MaxParameters is not null || MaxMacs is not null))
        {
            throw new InvalidInputException(SearchObjective.LogTakesLatencyAlone);
        }

        if (CorrectPairs && Update != ArchitectureUpdate.TwoPath)
        {
            throw new InvalidInputException(
                "RunOptions.CorrectPairs is for ArchitectureUpdate.TwoPath, which alone draws pairs; leave it out"
            );
        }

        if (this is { Time: not null, SearchEpochs: not null, TrainEpochs: not null })
        {
            throw new InvalidInputException(
                "RunOptions.Time has nothing to decide beside RunOptions.SearchEpochs and RunOptions.TrainEpochs; "
                    + "leave one of the three out"
            );
        }

        return Validate();
    }

    private static void Require(string property, double? value)
    {
        if (value is { } given && !Ranges[property].Contains(given))
        {
            throw OutOfRange(property, given.ToString(CultureInfo.InvariantCulture), Ranges[property].ToString());
        }
    }

    private static InvalidInputException OutOfRange(string property, string value, string allowed) =>
        new($"RunOptions.{property} = {value} is out of range; allowed are {allowed}")
        {
            Property = property,
            Value = value,
        };
}
