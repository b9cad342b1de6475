using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The beginning of a training with pretrained weights: the network and the weights that it begins with, which are
/// written as its best checkpoint, and how many steps follow.
/// </summary>
internal static class FineTuneStage
{
    // The trials of cross-validation, and the training itself, which is as long as two.
    private const int Trainings = 5;

    // The rest is for features, evaluation and export.
    private const double ShareForSteps = 0.7;

    /// <summary>
    /// Returns the context in which the network is trained: if there are only a few images, it learns from all of them.
    /// </summary>
    public static RunContext ContextOf(RunContext context) =>
        AreFew(context) && !context.Images.HasOwnValidation
            ? context with
            {
                Options = context.Options with { Training = context.Options.Training with { OnAll = true } },
            }
            : context;

    /// <summary>Decides how the weights are used, and writes what the training begins with.</summary>
    /// <param name="store">The run of the training.</param>
    /// <param name="start">
    /// The networks, with the context of <see cref="ContextOf"/> and the input of the weights.
    /// </param>
    /// <param name="metadata">Where the weights come from.</param>
    /// <returns>The network to train or to export, the context of its training, and what it begins with.</returns>
    public static (RunContext Context, Architecture Architecture, CompactNetwork Start) Run(
        RunStore store,
        IFineTuneStart start,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        RunContext context = start.Context;
        ImageSet images = ImagesOf(context);
        Tuned tuned = Decide(images, [.. Enumerable.Range(0, images.Count)], start, null, out _);
        RunContext at = tuned.Context;
        using CompactNetwork begun = tuned.Begin();
        FineTuning decision = AreFew(context) ? tuned.Decision : Judge(at, begun, tuned.Decision);
        if (tuned.Answers.Length > 0)
        {
            store.WriteCrossValidated(tuned.Answers);
        }

        Architecture architecture = begun.Architecture with { Metadata = metadata };
        store.Write(architecture);
        TrainingSession.Begin(
            store.Directory,
            begun,
            at.Options.Training.OnAll ? null : decision.Top1,
            at.Options.Training.Ema is not null
        );
        long steps = decision.IsTrained
            ? tuned.Tuner.StepsOn(AreFew(context) ? images.Count : at.Loaders.FinalImages.Count)
            : 0;
        store.Write(store.Plan with { FineTuning = decision, TrainSteps = steps });
        return (at, architecture, tuned.Tuner.Network);
    }

    /// <summary>
    /// Repeats everything, including the decisions, on all parts of the images but one, and tests the network on that
    /// part.
    /// </summary>
    /// <param name="start">
    /// The networks, with the context of <see cref="ContextOf"/> and the input of the weights.
    /// </param>
    /// <param name="folds">Number of parts.</param>
    public static FoldAnswers InFolds(IFineTuneStart start, int folds)
    {
        RunContext context = start.Context;
        ImageSet images = context.Images.All;
        int[] all = [.. Enumerable.Range(0, images.Count)];
        var known = new Dictionary<int, ImageAnswer>();
        IReadOnlyList<int[]> parts = FineTuner.Parts(context, images, all, folds);
        FineTuner? whole = null;
        using var teachers = new FoldTeachers(start, images);
        for (int i = 0; i < parts.Count; i++)
        {
            context.Observer.Message(Invariant($"fold {i + 1} of {parts.Count}:"));
            int[] rest = [.. all.Except(parts[i])];
            Tuned tuned = Decide(images, rest, start, whole, out whole);
            using CompactNetwork network = tuned.Begin();
            if (tuned.Decision.IsTrained)
            {
                using CompactNetwork? teacher = teachers.Of(tuned.Context, tuned.Tuner, rest);
                tuned.Tuner.Train(network, rest, teacher is null ? null : new Teacher(teacher));
            }

            ImageAnswer?[] answers = tuned.Tuner.Judge(network, parts[i]);
            foreach (int image in parts[i])
            {
                if (answers[image] is { } answer)
                {
                    known.Add(image, answer);
                }
            }
        }

        static double Share(IEnumerable<ImageAnswer> answers) => answers.Average(answer => answer.IsRight ? 1.0 : 0);
        var accuracy = new FoldAccuracy(
            parts.Count,
            known.Count,
            Share(known.Values),
            known.Values.GroupBy(answer => answer.Label).Average(Share)
        );
        return new FoldAnswers(accuracy, known);
    }

    /// <summary>The images on which the classifier is fitted that a training begins with.</summary>
    public static ImageSet ImagesOf(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return AreFew(context)
            ? context.Images.AllTraining
            : context.Loaders.FinalImages.Spread(FineTuner.MostImagesOfClassifier);
    }

    private static bool AreFew(RunContext context) => context.Images.AllTraining.Count <= FineTuner.MostImages;

    /// <summary>Finds the network and decides how it is used, both on the same images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="among">Those that may be learned from, by their numbers.</param>
    /// <param name="start">The networks.</param>
    /// <param name="before">The tuner of the whole network from an earlier decision on the images, or null.</param>
    /// <param name="whole">The tuner of the whole network, if it was needed, for the next decision.</param>
    private static Tuned Decide(
        ImageSet images,
        int[] among,
        IFineTuneStart start,
        FineTuner? before,
        out FineTuner? whole
    )
    {
        FineTuner? known = before;
        FineTuner TunerOf(RunContext context, CompactNetwork network) =>
            known?.Network == network
                ? known
                : new FineTuner(
                    context,
                    network,
                    images,
                    AreFew(context),
                    MostSteps(context, start, network.Architecture)
                );
        (Tuned Tuned, int Depth) Begin(int blocks)
        {
            (RunContext context, CompactNetwork network, int depth) = start.Of(images, among, blocks);
            FineTuner tuner = TunerOf(context, network);
            return (new Tuned(context, tuner, tuner.Undecided, among), depth);
        }

        int all = start.Whole.Blocks.Count + 1;
        if (!AreFew(start.Context))
        {
            Tuned undecided = Begin(all).Tuned;
            whole = undecided.Tuner;
            return undecided;
        }

        known = whole = TunerOf(start.Context, start.Whole);
        int depth = whole.ChooseDepth(among);
        (Tuned trained, int last) = Begin(all);
        (Tuned classified, int place) = depth < all ? Begin(depth) : (trained, last);
        (FineTuning decision, ImageAnswer?[] answers) = trained.Tuner.Decide(
            among,
            place,
            classified.Tuner.Classify(among, place)
        );
        return (decision.IsTrained ? trained : classified) with
        {
            Decision = decision,
            Answers = [.. answers.OfType<ImageAnswer>()],
        };
    }

    /// <summary>The accuracy of a network on the validation images.</summary>
    public static TopAccuracy Validated(RunContext context, CompactNetwork network)
    {
        ArgumentNullException.ThrowIfNull(context);
        using BatchLoader validation = context.Loaders.Evaluation(context.Images.Validation);
        return NetworkEvaluator.Evaluate(network, validation, context.Observer, context.CancellationToken);
    }

    /// <summary>Replaces the cross-validated accuracy on a few images with that on the validation images.</summary>
    private static FineTuning Judge(RunContext context, CompactNetwork begun, FineTuning decision)
    {
        TopAccuracy accuracy = Validated(context, begun);
        context.Observer.Message(
            Invariant(
                $"classifier of the pretrained features: {accuracy.Top1:P1} of {accuracy.Images} validation images"
            )
        );
        return decision with { Top1 = accuracy.Top1, Images = (int)accuracy.Images };
    }

    private static long MostSteps(RunContext context, IFineTuneStart start, Architecture architecture)
    {
        if (context.Options.Time is not { } time || context.Options.Training.Epochs is not null)
        {
            return long.MaxValue;
        }

        int repeated = 1 + (context.Options.Training.Folds ?? 0);
        int trainings = AreFew(context) ? Trainings : 1;

        // What is decided by cross-validation, the first process trains alone; the rest all share.
        double StepOf(Architecture timed) =>
            trainings * repeated > 1
                ? StepTiming.OfTraining(context, timed, DataParallel.Alone)
                : SharedTrainingTiming.Measure(context, timed);
        double seconds = trainings * StepOf(architecture);
        if (TeacherStage.Teaches(start, architecture))
        {
            Architecture whole = start.Whole.Architecture.WithInput(
                context.Space.Resolution,
                start.Whole.Architecture.InputChannels,
                context.Classes
            );
            // The trials of cross-validation have none, and are half as long.
            int steps = AreFew(context) ? FineTuner.StepsOverTrialSteps : 1;
            seconds += steps * TeacherStage.TimeOverSteps * StepOf(whole);
        }

        double left = (time - context.Clock.Uncharged).TotalSeconds * ShareForSteps;
        return Math.Max(1, (long)(left / repeated / seconds));
    }

    private sealed record Tuned(RunContext Context, FineTuner Tuner, FineTuning Decision, int[] Among)
    {
        /// <summary>The cross-validated answers of what was decided on; empty if nothing was to decide.</summary>
        public ImageAnswer[] Answers { get; init; } = [];

        /// <summary>Creates the network that was decided on, before any training.</summary>
        public CompactNetwork Begin() => Tuner.Begin(Among, Decision.Blocks);
    }
}
