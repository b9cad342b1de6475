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
    // Three times at one resolution and for one candidate of each block, instead of all candidates at several.
    private const double FittingOverFinding = 0.2;

    /// <summary>
    /// Returns the context in which the network is trained: if there are only a few images, it learns from all of them.
    /// </summary>
    /// <exception cref="InvalidInputException">Validation images are asked for, and there are none.</exception>
    public static RunContext ContextOf(RunContext context)
    {
        if (!AreFew(context) || context.Images.HasOwnValidation)
        {
            return context;
        }

        TrainingOptions training = context.Options.Training;
        return training.Patience is null
            ? context with
            {
                Options = context.Options with { Training = training with { OnAll = true } },
            }
            : throw new InvalidInputException(
                Invariant($"TrainingOptions.Patience = {training.Patience} needs validation images, and of ")
                    + Invariant($"{context.Images.AllTraining.Count} training images none are set aside; leave it ")
                    + "out, or add a folder val/ beside train/"
            );
    }

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
        FineTuneCost.Say(start, AreFew(context));
        ImageSet images = ImagesOf(context);
        TimeSpan spent = store.Plan.Spent;
        Tuned tuned = Decide(
            images,
            [.. Enumerable.Range(0, images.Count)],
            start,
            (at, network, finding) => MostSteps(at, start, network, spent, finding),
            null,
            out _
        );
        RunContext at = tuned.Context;
        using CompactNetwork begun = tuned.Begin();
        FineTuning decision = at.Options.Training.OnAll ? tuned.Decision : Judge(at, begun, tuned.Decision);
        store.WriteCrossValidated(tuned.Answers);
        Architecture architecture = begun.Architecture with { Metadata = metadata };
        store.Write(architecture);
        TrainingSession.Begin(store.Directory, begun, decision.BeginningTop1, at.Options.Training.Ema is not null);
        SayIdle(at, decision);
        long steps = decision.IsTrained
            ? tuned.Tuner.StepsOn(AreFew(context) ? images.Count : at.Loaders.FinalImages.Count)
            : 0;
        if (!AreFew(context) && decision.MostTrialSteps is not null)
        {
            TrainStage.WarnIfFew(at, "the training", steps, at.Loaders.BatchesPerEpoch(at.Loaders.FinalImages));
        }

        store.Write(store.Plan with { FineTuning = decision, TrainSteps = steps, IsReported = false });
        return (at, architecture, tuned.Tuner.Network);
    }

    /// <summary>Says which of the requested options have no effect, since there is no training.</summary>
    private static void SayIdle(RunContext context, FineTuning decision)
    {
        TrainingOptions training = context.Options.Training;
        (string Name, bool IsAsked)[] ofTraining =
        [
            (nameof(TrainingOptions.Teacher), training.Teacher),
            (nameof(TrainingOptions.Patience), training.Patience is not null),
        ];
        string[] idle = [.. ofTraining.Where(option => option.IsAsked).Select(option => option.Name)];
        if (!decision.IsTrained && idle.Length > 0)
        {
            context.Observer.Message(
                $"{string.Join(", ", idle.Select(name => $"TrainingOptions.{name}"))}: without effect, since the "
                    + "pretrained weights stay as they are"
            );
        }
    }

    /// <summary>
    /// Repeats everything, including the decisions, on all parts of the images but one, and tests the network on that
    /// part. What is finished is kept, and not repeated by a resumed run.
    /// </summary>
    /// <param name="store">Keeps the answers of the folds that are finished.</param>
    /// <param name="start">
    /// The networks, with the context of <see cref="ContextOf"/> and the input of the weights.
    /// </param>
    /// <param name="folds">Number of parts.</param>
    /// <exception cref="InvalidInputException">The answers that were kept are not of these folds.</exception>
    public static FoldAnswers InFolds(RunStore store, IFineTuneStart start, int folds)
    {
        RunContext context = start.Context;
        ImageSet images = context.Images.All;
        int[] all = [.. Enumerable.Range(0, images.Count)];
        IReadOnlyList<int[]> parts = FineTuner.Parts(context, images, all, folds);
        var foldOf = parts
            .SelectMany((part, fold) => part.Select(image => (image, fold)))
            .ToDictionary(place => place.image, place => place.fold);
        var known = new Dictionary<int, FoldAnswer>();
        foreach (FoldAnswer kept in store.ReadFolds())
        {
            if (
                !foldOf.TryGetValue(kept.Number, out int fold)
                || fold != kept.Fold
                || kept.Answer.Label != images.Label(kept.Number)
                || !kept.Answer.IsWithin(context.Classes)
                || !known.TryAdd(kept.Number, kept)
            )
            {
                throw new InvalidInputException(
                    $"{store.Directory.Folds} has an answer for image {kept.Number} that is not of fold {kept.Fold}; "
                        + "remove the file to repeat all folds"
                );
            }
        }

        HashSet<int> finished = [.. known.Values.Select(answer => answer.Fold)];
        FineTuner? whole = null;

        // As many steps as the network that is exported has: a fold has more of the time left, or less.
        long most = store.Plan.FineTuning?.MostTrialSteps ?? long.MaxValue;
        using var teachers = new FoldTeachers(start, images);
        for (int i = 0; i < parts.Count; i++)
        {
            if (finished.Contains(i))
            {
                continue;
            }

            context.Observer.Message(Invariant($"fold {i + 1} of {parts.Count}:"));
            int[] rest = [.. all.Except(parts[i])];
            Tuned tuned;
            try
            {
                tuned = Decide(images, rest, start, (_, _, _) => most, whole, out whole);
            }
            catch (LimitNotMetException exception)
            {
                // In the run itself one met it: of a machine that is busy now, a later job is free.
                throw exception.Saying(
                    Invariant(
                        $"fold {i + 1} of {parts.Count}: {exception.Message}; or resume when the machine is quiet: "
                    ) + "the network of the run and the folds before are kept"
                );
            }

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
                    known.Add(image, new FoldAnswer(i, image, answer));
                }
            }

            store.WriteFolds(known.Values);
            start.Return(tuned.Tuner.Network);
        }

        Dictionary<int, ImageAnswer> byImage = known.ToDictionary(pair => pair.Key, pair => pair.Value.Answer);

        static double Share(IEnumerable<ImageAnswer> answers) => answers.Average(answer => answer.IsRight ? 1.0 : 0);
        var accuracy = new FoldAccuracy(
            parts.Count,
            byImage.Count,
            Share(byImage.Values),
            byImage.Values.GroupBy(answer => answer.Label).Average(Share)
        );
        return new FoldAnswers(accuracy, byImage);
    }

    /// <summary>The images on which the classifier is fitted that a training begins with.</summary>
    public static ImageSet ImagesOf(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return AreFew(context) ? context.Images.AllTraining : Spread(context.Loaders.FinalImages);
    }

    private static ImageSet Spread(ImageSet images) =>
        images.Subset(images.SpreadOverClasses(FineTuner.MostImagesOfClassifier));

    private static bool AreFew(RunContext context) => context.Images.AllTraining.Count <= RunDefaults.FewImages;

    /// <summary>Finds the network and decides how it is used, both on the same images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="among">Those that may be learned from, by their numbers.</param>
    /// <param name="start">The networks.</param>
    /// <param name="mostSteps">
    /// The most steps of a trial of a network, by the time that it took to find the networks.
    /// </param>
    /// <param name="before">The tuner of the whole network from an earlier decision on the images, or null.</param>
    /// <param name="whole">The tuner of the whole network, if it was needed, for the next decision.</param>
    private static Tuned Decide(
        ImageSet images,
        int[] among,
        IFineTuneStart start,
        Func<RunContext, Architecture, TimeSpan, long> mostSteps,
        FineTuner? before,
        out FineTuner? whole
    )
    {
        FineTuner? known = before;
        TimeSpan finding = TimeSpan.Zero;
        FineTuner TunerOf(RunContext context, CompactNetwork network) =>
            known?.Network == network
                ? known
                : new FineTuner(
                    context,
                    network,
                    images,
                    AreFew(context),
                    mostSteps(context, network.Architecture, finding)
                );
        (RunContext Context, CompactNetwork Network, int Depth) Find(int blocks)
        {
            TimeSpan began = start.Context.Clock.Uncharged;
            (RunContext, CompactNetwork, int) found = start.Of(images, among, blocks);
            finding += start.Context.Clock.Uncharged - began;
            return found;
        }

        Tuned TunedOf(RunContext context, CompactNetwork network)
        {
            FineTuner tuner = TunerOf(context, network);
            return new Tuned(context, tuner, tuner.Undecided, among);
        }

        int all = start.Whole.Blocks.Count + 1;
        if (!AreFew(start.Context))
        {
            (RunContext context, CompactNetwork network, _) = Find(all);
            Tuned undecided = TunedOf(context, network);
            whole = undecided.Tuner;
            return undecided;
        }

        known = whole = TunerOf(start.Context, start.Whole);
        int depth = whole.ChooseDepth(among);

        (RunContext classifying, CompactNetwork first, int place) = Find(depth);
        Tuned classified = TunedOf(classifying, first);
        using var fitted = new FittedComparison(start, images, among);
        bool isFitted = start.IsFitted(first) && fitted.IsPossible;
        ImageAnswer?[] classifier = isFitted
            ? fitted.Classify(classified.Tuner, place)
            : classified.Tuner.Classify(among, place);
        Tuned trained = classified;
        if (place < all && TrialComparison.MayBeBeaten(among, classifier, needsProof: !isFitted))
        {
            // All blocks are trained; no network of them is found where no training could be better.
            (RunContext training, CompactNetwork last, _) = Find(all);
            trained = TunedOf(training, last);
        }

        (FineTuning decision, ImageAnswer?[] answers) =
            isFitted || (start.IsFitted(trained.Tuner.Network) && fitted.IsPossible)
                ? fitted.Decide(classifier, place, needsProof: !isFitted, trained.Tuner)
                : trained.Tuner.Decide(among, place, classifier);
        if (place < all && trained == classified)
        {
            // In a fold all blocks may be trained: its steps are not those of a shorter network.
            decision = decision with
            {
                MostTrialSteps = whole.MostTrialSteps,
            };
        }

        (Tuned used, Tuned unused) = decision.IsTrained ? (trained, classified) : (classified, trained);
        if (unused.Tuner.Network != used.Tuner.Network)
        {
            start.Return(unused.Tuner.Network);
        }

        return used with
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

    /// <summary>
    /// Adds the accuracy on the validation images; it takes the place of a cross-validated one if there is none.
    /// </summary>
    private static FineTuning Judge(RunContext context, CompactNetwork begun, FineTuning decision)
    {
        TopAccuracy accuracy = Validated(context, begun);
        context.Observer.Message(
            Invariant(
                $"classifier of the pretrained features: {accuracy.Top1:P1} of {accuracy.Images} validation images"
            )
        );
        FineTuning judged = decision with { BeginningTop1 = accuracy.Top1 };
        return decision.IsCrossValidated ? judged : judged with { Top1 = accuracy.Top1, Images = (int)accuracy.Images };
    }

    private static long MostSteps(
        RunContext context,
        IFineTuneStart start,
        Architecture architecture,
        TimeSpan spent,
        TimeSpan finding
    )
    {
        if (context.Options.Time is not { } time || context.Options.Training.Epochs is not null)
        {
            return long.MaxValue;
        }

        // Each fold finds networks of its own, and each decision fits them anew.
        int folds = context.Options.Training.Folds ?? 0;
        TimeSpan more = finding * (folds + (FittingOverFinding * (1 + folds)));
        double left = (time - spent - context.Clock.Uncharged - more).TotalSeconds;
        return Math.Max(1, (long)(left / FineTuneCost.SecondsOfSteps(context, start, architecture, AreFew(context))));
    }

    private sealed record Tuned(RunContext Context, FineTuner Tuner, FineTuning Decision, int[] Among)
    {
        /// <summary>The cross-validated answers of what was decided on; empty if nothing was to decide.</summary>
        public ImageAnswer[] Answers { get; init; } = [];

        /// <summary>Creates the network that was decided on, before any training.</summary>
        public CompactNetwork Begin() => Tuner.Begin(Among, Decision.Blocks);
    }
}
