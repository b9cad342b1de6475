using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Chooses what the options of a run leave open. All is a function of the options and of what is known of the images
/// and the machine: no file is read and nothing is opened.
/// </summary>
internal static class RunDefaults
{
    // One and a half times the 32 pixels of that space: larger images lose too much in it.
    private const int LargestImageOfCifarSpace = 48;

    // An epoch of a small dataset has few steps and an epoch of a large one many: runs without a number of epochs get
    // the same number of steps, whatever their data.
    private const long SearchStepsWithoutEpochs = 3500;
    private const long TrainStepsWithoutEpochs = 6500;

    // A step on two paths, one of them the widest, takes about as long as 2.4 on one (bench --mode weight,sandwich).
    private const double SandwichStepsOverSteps = 0.6;

    // More of them change little on tables of trained networks (docs/results/choices.md).
    private const int UsualEvaluations = 100;
    private const int UsualFinalists = 4;
    private const int EvaluationsOverFrontPoints = 12;

    // The usual scores of one limit as a share of the usual search (docs/results/choices.md).
    private const double ScoringShareOfTime = 0.2;
    private const int FewestEvaluations = 8;

    // Of one path each; so that a limit takes about half as long as a search of 3,500 single paths.
    private const double FinalStepsOverSearchSteps = 0.4;

    // The built-in images are for trying things out: a tenth of the steps is enough for them.
    private const int StepsOverStepsOfSample = 10;

    // Memory and time of a step grow with the area of its images.
    private const int BatchOfSmallImages = 128;
    private const int BatchOfLargeImages = 32;

    // Small images are few and soon memorized.
    private const double DecayOfSmallImages = 5e-4;
    private const double DecayOfLargeImages = 1e-4;
    private const double EraseOfSmallImages = 0.5;
    private const double EraseOfLargeImages = 0;

    /// <summary>
    /// The largest norm of the gradients of pretrained weights, about that of the first steps: with fixed statistics a
    /// high rate would undo what they know (docs/results/fine-tuning.md).
    /// </summary>
    public const double MostGradientOfFineTuning = 3;

    /// <summary>
    /// Up to this many training images are few: with pretrained weights they are divided several times, not once, and a
    /// classifier of fixed features is compared with a training of all weights.
    /// </summary>
    public const int FewImages = 400;

    /// <summary>
    /// Steps of a training over those of a trial: for a comparison, half of the steps are enough; with few images, the
    /// result benefits from all of them (docs/results/fine-tuning.md).
    /// </summary>
    public const int StepsOverTrialSteps = 2;

    // What fine-tuning needs on few images, and how often it sees each of many (docs/results/fine-tuning.md).
    private const long FineTuningSteps = 100;
    private const long FineTuningEpochs = 20;
    private const double EmaOfFineTuning = 0.99;
    private const double UsualMinimumCrop = 0.25;
    private const double MinimumCropOfFineTuning = 0.5;

    // The learning rates of the options are for this many images per step.
    private const double BatchOfLearningRate = 256;
    private const double UsualLearningRate = 0.2;

    // Of a long search of small images, which ranks networks better at it; the rate of a short one rises too fast to
    // it, and does not learn (docs/decisions/run-defaults.md).
    private const double HighestSearchLearningRate = 1;
    private const long StepsOfHighestSearchLearningRate = 2000;

    /// <summary>Returns the space: the requested one, or the one for such images.</summary>
    /// <param name="options">The options.</param>
    /// <param name="images">The images.</param>
    /// <returns>A name or a file.</returns>
    public static string SpaceOf(RunOptions options, ImageFacts images) =>
        options.Search.Space
        ?? (
            IsSample(options) ? "tiny"
            : images.NativeResolution is > 0 and <= LargestImageOfCifarSpace ? "cifar"
            : "imagenet-mobile"
        );

    /// <summary>
    /// Returns the shorter side of the copies that stand for much larger photographs, in pixels; 0 for none.
    /// </summary>
    /// <param name="options">The resolved options.</param>
    public static int CopySide(RunOptions options) =>
        options.Data.NoImageCache == true
            ? 0
            : ImageCopies.SideFor(options.Data.Resolution!.Value, options.Training.MinimumCrop!.Value);

    /// <summary>Returns the options with everything resolved that the images determine.</summary>
    /// <param name="options">The options.</param>
    /// <param name="images">The images.</param>
    /// <param name="space">What <see cref="SpaceOf"/> names, at the resolution and channels of the run.</param>
    /// <param name="threads">Threads of this machine, if no number was requested.</param>
    public static RunOptions Resolve(RunOptions options, ImageFacts images, SearchSpace space, int threads) =>
        options with
        {
            Data = options.Data with
            {
                Resolution = space.Resolution,
                Channels = images.Channels,
                NoImageCache = options.Data.NoImageCache ?? false,
            },
            Search = options.Search with { Space = SpaceOf(options, images) },
            Training = options.Training with
            {
                // Memory and time depend on the network's resolution, to which small images may be enlarged.
                BatchSize =
                    options.Training.BatchSize
                    ?? (
                        images.AreSmall && ImageFacts.IsSmall(space.Resolution)
                            ? BatchOfSmallImages
                            : BatchOfLargeImages
                    ),
                WeightDecay =
                    options.Training.WeightDecay ?? (images.AreSmall ? DecayOfSmallImages : DecayOfLargeImages),
                MinimumCrop =
                    options.Training.MinimumCrop
                    ?? (options.Training.Weights is null ? UsualMinimumCrop : MinimumCropOfFineTuning),
                Ema = options.Training.Ema ?? (options.Training.Weights is null ? null : EmaOfFineTuning),
                Erase = options.Training.Erase ?? (images.AreSmall ? EraseOfSmallImages : EraseOfLargeImages),
            },
            Threads = options.Threads ?? threads,
        };

    /// <summary>
    /// Returns the peak learning rate of a training at a batch size (linear scaling: Goyal et al., arXiv 1706.02677).
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="batchSize">Images per step.</param>
    public static double LearningRate(RunOptions options, int batchSize) =>
        ForBatch(options.Training.LearningRate ?? UsualLearningRate, batchSize);

    /// <summary>
    /// Returns the peak learning rate of a search's weights at a batch size, scaled as that of a training.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="smallImages">Whether the images are small.</param>
    /// <param name="weightSteps">Weight steps of the search.</param>
    /// <param name="batchSize">Images per step.</param>
    public static double SearchLearningRate(RunOptions options, bool smallImages, long weightSteps, int batchSize)
    {
        double usual = smallImages
            ? Math.Clamp(
                HighestSearchLearningRate * weightSteps / StepsOfHighestSearchLearningRate,
                UsualLearningRate,
                HighestSearchLearningRate
            )
            : UsualLearningRate;
        return ForBatch(options.Search.LearningRate ?? options.Training.LearningRate ?? usual, batchSize);
    }

    private static double ForBatch(double rate, int batchSize) => rate * batchSize / BatchOfLearningRate;

    /// <summary>Returns the weight steps of a search without <see cref="RunOptions.Time"/>.</summary>
    /// <param name="options">The options.</param>
    /// <param name="batchesPerEpoch">Steps in which weights see every image once.</param>
    public static long SearchSteps(RunOptions options, long batchesPerEpoch) =>
        Steps(
            options,
            options.Search.Epochs,
            batchesPerEpoch,
            options.Search.WeightUpdate == WeightUpdate.Sandwich
                ? (long)(SandwichStepsOverSteps * SearchStepsWithoutEpochs)
                : SearchStepsWithoutEpochs
        );

    /// <summary>
    /// Returns the number of networks to score for a limit: half as many if other limits have scored enough near it.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="planned">The number in the run's plan for its first limit; null: the usual number.</param>
    /// <param name="known">Networks that were scored for other limits and are near this one.</param>
    public static int Evaluations(RunOptions options, int? planned = null, int known = 0)
    {
        int usual = planned ?? UsualEvaluationsOf(options);
        return options.Search.Evaluations ?? (known >= usual / 2 ? (usual + 1) / 2 : usual);
    }

    /// <summary>
    /// Returns the number of networks to score for the first limit if <see cref="RunOptions.Time"/> is given: the usual
    /// number, or what a fifth of the search's time is enough for if no limit is near another.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="limits">Number of limits for which networks are scored.</param>
    /// <param name="seconds">The search's time.</param>
    /// <param name="scoreSeconds">Seconds per score.</param>
    public static int EvaluationsIn(RunOptions options, int limits, double seconds, double scoreSeconds) =>
        options.Search.Evaluations
        ?? (int)
            Math.Clamp(
                ScoringShareOfTime * seconds / (scoreSeconds * ScoresOverEvaluations(limits)),
                Math.Min(FewestEvaluations, UsualEvaluationsOf(options)),
                UsualEvaluationsOf(options)
            );

    /// <summary>
    /// Returns the scores of all limits, and of the front, per score of the first limit: the most, for limits that are
    /// near others get fewer.
    /// </summary>
    /// <param name="limits">Number of limits for which networks are scored.</param>
    public static double ScoresOverEvaluations(int limits) => limits + (1.0 / EvaluationsOverFrontPoints);

    /// <summary>
    /// Returns the number of networks to score over the whole range of latencies, only for the front.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="planned">The number in the run's plan for its first limit; null: the usual number.</param>
    public static int FrontPoints(RunOptions options, int? planned = null) =>
        (Evaluations(options, planned) + EvaluationsOverFrontPoints - 1) / EvaluationsOverFrontPoints;

    private static int UsualEvaluationsOf(RunOptions options) =>
        IsSample(options) ? UsualEvaluations / StepsOverStepsOfSample : UsualEvaluations;

    /// <summary>Returns the number of networks that are trained a little to choose one of them.</summary>
    /// <param name="options">The options.</param>
    public static int Finalists(RunOptions options) => options.Search.Finalists ?? UsualFinalists;

    /// <summary>
    /// Returns the training steps of all finalists of a limit together, per weight step of the search.
    /// </summary>
    /// <param name="options">The options.</param>
    public static double FinalStepsOverSteps(RunOptions options) =>
        Finalists(options) > 1 && options.Search.Evaluations != 0 ? FinalStepsOverSearchSteps : 0;

    /// <summary>Returns the training steps of all finalists together.</summary>
    /// <param name="searchSteps">Weight steps of the search.</param>
    public static long FinalSteps(long searchSteps) => (long)(FinalStepsOverSearchSteps * searchSteps);

    /// <summary>Returns the steps of a training without <see cref="RunOptions.Time"/>.</summary>
    /// <param name="options">The options.</param>
    /// <param name="batchesPerEpoch">Steps in which the network sees every image once.</param>
    public static long TrainSteps(RunOptions options, long batchesPerEpoch) =>
        Steps(options, options.Training.Epochs, batchesPerEpoch, TrainStepsWithoutEpochs);

    /// <summary>
    /// Returns the steps of a training that begins with pretrained weights: of a trial on up to
    /// <see cref="FewImages"/> images, of the training on more. One image more never means fewer.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="batchSize">The most images per step.</param>
    /// <param name="areFew">
    /// Whether there are up to <see cref="FewImages"/> training images. A fold may have more, since it also
    /// has test images, and of more images validation may leave fewer.
    /// </param>
    public static long FineTuneSteps(RunOptions options, int images, int batchSize, bool areFew)
    {
        long Of(int count)
        {
            long batchesPerEpoch = count / Math.Min(batchSize, count);
            return Steps(
                options,
                options.Training.Epochs,
                batchesPerEpoch,
                Math.Min(TrainStepsWithoutEpochs, FineTuningSteps + (FineTuningEpochs * batchesPerEpoch))
            );
        }

        return areFew || options.Training.Epochs is not null
            ? Of(images)
            : Math.Max(Of(images), StepsOverTrialSteps * Of(FewImages));
    }

    private static long Steps(RunOptions options, double? epochs, long batchesPerEpoch, long otherwise) =>
        Math.Max(
            1,
            epochs is { } given ? (long)Math.Round(given * batchesPerEpoch)
                : IsSample(options) ? otherwise / StepsOverStepsOfSample
                : otherwise
        );

    private static bool IsSample(RunOptions options) => options.Data.Path == SampleImages.Name;
}
