using Proxyless.Data;
using Proxyless.FineTuning;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// Creates a network for a few images from pretrained weights. The features after its last blocks are kept for each
/// image; a linear classifier on them is fitted in a fraction of a second. Cross-validation chooses the block whose
/// features are used: the last layers are specialized in the classes that they were trained on, and may have discarded
/// what else is in an image. It also decides whether training all weights is better than leaving them unchanged.
/// </summary>
internal sealed class FineTuner
{
    /// <summary>Fewest different images on which a classifier can be chosen: it learns from one of two parts.</summary>
    public const int FewestDifferentImages = 2;

    /// <summary>As the beginning of a training, a classifier of more images than this is hardly better.</summary>
    public const int MostImagesOfClassifier = 2000;

    /// <summary>The most trials of a training of all weights: parts of the images.</summary>
    public const int PartsOfTraining = 3;

    // As many rows as a classifier of about a thousand features needs to be stable.
    private const int Rows = 1600;
    private const int MostViews = 8;

    // The last convolution and the blocks of about the last two stages.
    private const int Depths = 7;
    private const int PartsOfClassifier = 5;

    private static readonly double[] Penalties = [1e-3, 1e-2, 1e-1];

    private readonly RunContext _context;
    private readonly bool _decides;
    private readonly long _mostSteps;
    private readonly ImageSet _images;

    // The images whose features are computed.
    private readonly int[] _seen;
    private readonly NetworkFeatures _features;
    private readonly int[][] _rowsOfImage;
    private readonly bool[] _isPlain;

    /// <summary>Computes the features of images.</summary>
    /// <param name="context">Options of training.</param>
    /// <param name="network">The network with its pretrained weights; not disposed of.</param>
    /// <param name="images">The images.</param>
    /// <param name="decides">
    /// Whether the block is chosen and training is compared with the classifier, as with up to
    /// <see cref="RunDefaults.FewImages"/> training images; otherwise all weights are trained.
    /// </param>
    /// <param name="mostSteps">The most steps of a trial.</param>
    public FineTuner(RunContext context, CompactNetwork network, ImageSet images, bool decides, long mostSteps)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(images);
        _context = context;
        _images = images;
        _decides = decides;
        _mostSteps = mostSteps;
        _features = new NetworkFeatures(network, decides ? Depths : 1);
        All = [.. Enumerable.Range(0, images.Count)];

        // Of many images a part is enough, also for what learns from all but one of several parts.
        _seen = images.SpreadOverClasses(2 * MostImagesOfClassifier);
        ImageSet seen = images.Subset(_seen);
        int views = Math.Clamp(Rows / seen.Count, 1, MostViews);
        var progress = new Progress(context.Observer, "features", 0, (long)seen.Count * (1 + views));
        long done = 0;
        void Added(int count) => progress.Report(done += count, "of the pretrained network");
        using BatchLoader plain = context.Loaders.Evaluation(seen);
        _features.Add(plain, 0, Added, context.CancellationToken);
        int plainRows = _features.Labels.Count;
        using BatchLoader augmented = context.Loaders.InOrderAugmented(seen);
        for (int view = 0; view < views; view++)
        {
            _features.Add(augmented, view, Added, context.CancellationToken);
        }

        _isPlain = [.. _features.Labels.Select((_, row) => row < plainRows)];
        _rowsOfImage = [.. Enumerable.Range(0, images.Count).Select(_ => Array.Empty<int>())];
        foreach (IGrouping<int, int> rows in Enumerable.Range(0, _features.Labels.Count).GroupBy(ImageOf))
        {
            _rowsOfImage[rows.Key] = [.. rows];
        }
    }

    /// <summary>The numbers of all images.</summary>
    public IReadOnlyList<int> All { get; }

    /// <summary>The network with its pretrained weights.</summary>
    public CompactNetwork Network => _features.Network;

    /// <summary>Where the whole network's features are: after its last convolution.</summary>
    public int LastDepth => _features.Depths.Last();

    /// <summary>The most steps of a trial; null: as many as it needs.</summary>
    public long? MostTrialSteps => _mostSteps == long.MaxValue ? null : _mostSteps;

    /// <summary>Steps of the training of all weights on a number of images.</summary>
    public long StepsOn(int images) =>
        (_decides && _context.Options.Training.Epochs is null ? RunDefaults.StepsOverTrialSteps : 1)
        * StepsOfTrialOn(images);

    /// <summary>Chooses the place whose features let a linear classifier distinguish the classes best.</summary>
    /// <param name="images">The images to choose on, by their numbers.</param>
    /// <returns>The number of blocks before the place: one of <see cref="NetworkFeatures.Depths"/>.</returns>
    public int ChooseDepth(IReadOnlyList<int> images) => Choose(images, [.. _features.Depths]).Place.Depth;

    /// <summary>Cross-validates the classifier of the features at a place.</summary>
    /// <param name="images">The images to judge on, by their numbers.</param>
    /// <param name="depth">The place.</param>
    /// <returns>Its answers, by the image's number; null for those that cannot be read.</returns>
    public ImageAnswer?[] Classify(IReadOnlyList<int> images, int depth)
    {
        (Place place, ImageAnswer?[] answers) = Choose(images, [depth]);
        _context.Observer.Message(
            Invariant($"classifier of the pretrained features behind {Describe(depth)}, penalty {place.Penalty}: ")
                + Invariant($"{Share(answers, images):P1} of {images.Count} images, cross-validated")
        );
        return answers;
    }

    /// <summary>Decides whether all weights are trained.</summary>
    /// <param name="images">The images to decide on, by their numbers.</param>
    /// <param name="blocks">The value of <see cref="FineTuning.Blocks"/> if they are not.</param>
    /// <param name="classifier">The answers of the classifier that is used if they are not.</param>
    /// <returns>
    /// The decision, and the answers of what was decided on, by the image's number; none if its accuracy is not known.
    /// </returns>
    public (FineTuning Decision, ImageAnswer?[] Answers) Decide(
        IReadOnlyList<int> images,
        int blocks,
        ImageAnswer?[] classifier
    )
    {
        TrialComparison compared = CompareWithTraining(images, classifier);
        if (compared is { IsTrained: true, IsComplete: false })
        {
            // The images that were tried decided for it: its accuracy on them would be too high.
            return (Undecided, []);
        }

        ImageAnswer?[] answers = compared.IsTrained ? compared.Answers : classifier;
        return (DecisionOf(blocks, compared.IsTrained, answers), answers);
    }

    /// <summary>A decision whose accuracy is that of cross-validated answers.</summary>
    /// <param name="blocks">The value of <see cref="FineTuning.Blocks"/> if the weights are not trained.</param>
    /// <param name="isTrained">Whether all weights are trained.</param>
    /// <param name="answers">
    /// The answers of what was decided on, by the image's number; null where there is none.
    /// </param>
    public FineTuning DecisionOf(int blocks, bool isTrained, ImageAnswer?[] answers)
    {
        ImageAnswer[] known = [.. answers.OfType<ImageAnswer>()];
        return new FineTuning(
            isTrained ? LastDepth : blocks,
            isTrained,
            known.Length == 0 ? 0 : known.Average(answer => answer.IsRight ? 1.0 : 0),
            known.Length
        )
        {
            IsCrossValidated = true,
            MostTrialSteps = MostTrialSteps,
        };
    }

    /// <summary>What a training of all weights begins with if its accuracy is not known.</summary>
    public FineTuning Undecided =>
        new(LastDepth, IsTrained: true, Top1: 0, Images: 0) { MostTrialSteps = MostTrialSteps };

    /// <summary>
    /// Creates the chosen network, before any training, with a classifier that is fitted to all of the given images.
    /// </summary>
    /// <param name="images">The images, by their numbers.</param>
    /// <param name="depth">Where its features are: <see cref="FineTuning.Blocks"/>.</param>
    public CompactNetwork Begin(IReadOnlyList<int> images, int depth)
    {
        (Place place, _) = Choose(images, [depth]);
        return ClassifierOnFeatures.Create(_features, depth, Fit(WithFeatures(images), place));
    }

    /// <summary>Does the same with another network of the same architecture.</summary>
    public FineTuner With(CompactNetwork network) => new(_context, network, _images, _decides, _mostSteps);

    /// <summary>Trains all weights on trial, for half of the steps of a training.</summary>
    /// <param name="images">The images, by their numbers.</param>
    /// <param name="trial">The number of the trial, from 0.</param>
    /// <param name="trials">The number of trials.</param>
    /// <returns>The trained network; the receiver disposes of it.</returns>
    public CompactNetwork Trial(IReadOnlyList<int> images, int trial, int trials)
    {
        long steps = StepsOfTrialOn(images.Count);
        if (trial == 0 && MostTrialSteps is not null)
        {
            TrainStage.WarnIfFew(
                _context,
                "each trial of the training",
                steps,
                _context.Loaders.BatchesPerEpoch(_images.Subset(images))
            );
        }

        return Train(Begin(images, LastDepth), images, Invariant($"trial {trial + 1} of {trials}"), steps);
    }

    /// <summary>Trains all weights, for <see cref="StepsOn"/> these images.</summary>
    /// <param name="network">From <see cref="Begin"/>.</param>
    /// <param name="images">The images, by their numbers.</param>
    /// <param name="teacher">The network whose answers are learned instead of the labels; null for none.</param>
    public void Train(CompactNetwork network, IReadOnlyList<int> images, Teacher? teacher = null) =>
        Train(network, images, "train", StepsOn(images.Count), teacher);

    /// <summary>Returns the answers of a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images, by their numbers.</param>
    /// <returns>By the image's number; null for other images, and for those that cannot be read.</returns>
    public ImageAnswer?[] Judge(CompactNetwork network, IReadOnlyList<int> images)
    {
        ArgumentNullException.ThrowIfNull(network);
        var answers = new ImageAnswer?[_images.Count];
        using BatchLoader loader = _context.Loaders.Evaluation(_images.Subset(images));
        foreach ((int position, float[] logits) in NetworkEvaluator.Scores(network, loader, _context.CancellationToken))
        {
            int image = images[position];
            answers[image] = AnswerTo(image, logits);
        }

        return answers;
    }

    /// <summary>Divides images into parts with the same share of each class.</summary>
    /// <param name="context">Has the seed of the division.</param>
    /// <param name="images">The images.</param>
    /// <param name="among">Those to divide, by their numbers.</param>
    /// <param name="count">Number of parts; fewer are returned if there are fewer images.</param>
    public static IReadOnlyList<int[]> Parts(
        RunContext context,
        ImageSet images,
        IReadOnlyList<int> among,
        int count
    ) => StratifiedParts.Of(among, images.Label, images.Content, count, context.Options.Seed);

    private (Place Place, ImageAnswer?[] Answers) Choose(IReadOnlyList<int> among, IReadOnlyList<int> depths)
    {
        int[] images = WithFeatures(among);
        IReadOnlyList<int[]> parts = Parts(_context, _images, images, PartsOfClassifier);
        if (parts.Count < FewestDifferentImages)
        {
            throw new InvalidInputException(
                Invariant($"'{_context.Options.Data.Path}': {parts.Count} of {among.Count} images to learn from are ")
                    + Invariant($"readable and different; a classifier needs {FewestDifferentImages}; add images")
            );
        }

        Place[] places = [.. depths.SelectMany(depth => Penalties.Select(penalty => new Place(depth, penalty)))];
        var progress = new Progress(
            _context.Observer,
            "classifiers",
            0,
            places.Length * parts.Count,
            Progress.Unreported
        );
        int done = 0;
        IReadOnlyList<double>? weights = _context.ClassWeightsOf(_images.Subset(images));
        (Place Place, double Loss, ImageAnswer?[] Answers) best = (places[0], double.PositiveInfinity, []);
        foreach (Place place in places)
        {
            double loss = 0;
            var answers = new ImageAnswer?[_images.Count];
            foreach (int[] part in parts)
            {
                _context.CancellationToken.ThrowIfCancellationRequested();
                int[] others = [.. images.Except(part)];
                LinearClassifier classifier = Fit(others, place);
                HashSet<int> learned = [.. others.Select(_images.Label)];
                foreach (int row in part.SelectMany(image => _rowsOfImage[image]).Where(row => _isPlain[row]))
                {
                    double[] logs = classifier.LogProbabilities(_features.At(place.Depth)[row]);
                    int label = _features.Labels[row];

                    // The loss of a class that could not be learned is any large number, and says nothing of the place.
                    loss -= learned.Contains(label) ? (weights?[label] ?? 1) * logs[label] : 0;
                    answers[ImageOf(row)] = AnswerTo(ImageOf(row), [.. logs.Select(log => (float)log)]);
                }

                progress.Report(++done, "cross-validated");
            }

            if (loss < best.Loss)
            {
                best = (place, loss, answers);
            }
        }

        return double.IsFinite(best.Loss)
            ? (best.Place, best.Answers)
            : throw new InvalidInputException(
                $"TrainingOptions.Weights = '{_context.Options.Training.Weights}': {NetworkFeatures.NotFinite}"
            );
    }

    private int[] WithFeatures(IReadOnlyList<int> images) => [.. images.Where(image => _rowsOfImage[image].Length > 0)];

    private LinearClassifier Fit(IReadOnlyList<int> images, Place place)
    {
        int[] rows = [.. images.SelectMany(image => _rowsOfImage[image])];
        using var regression = new LogisticRegression(
            [.. rows.Select(row => _features.At(place.Depth)[row])],
            [.. rows.Select(row => _features.Labels[row])],
            _context.Classes,
            place.Penalty,
            _context.ClassWeightsOf(_images.Subset(images))
        );
        return regression.Solve(_context.CancellationToken);
    }

    private TrialComparison CompareWithTraining(IReadOnlyList<int> images, ImageAnswer?[] classifier)
    {
        IReadOnlyList<int[]> parts = Parts(_context, _images, images, PartsOfTraining);

        // Of copies of two images alone, each trial would begin with a classifier of a single one.
        bool areEnough = parts.Count > FewestDifferentImages;

        // If chance may be the reason, the classifier needs no training, and may need fewer blocks.
        var compared = TrialComparison.Of(
            areEnough ? parts : [],
            classifier,
            needsProof: true,
            completes: false,
            part =>
            {
                using CompactNetwork network = Trial([.. images.Except(parts[part])], part, parts.Count);
                return Judge(network, parts[part]);
            }
        );
        _context.Observer.Message(
            compared.Images > 0
                ? Invariant($"training all weights: right on {compared.Better} images where the classifier is wrong, ")
                    + Invariant($"wrong on {compared.Worse} where it is right, of {compared.Images}: ")
                    + (compared.IsTrained ? "all weights are trained" : "the pretrained weights stay as they are")
            : areEnough
                ? Invariant($"the classifier is wrong on {TrialComparison.Wrong(images, classifier)} of ")
                    + Invariant($"{images.Count} images, too few to show that training all weights is better: the ")
                    + "pretrained weights stay as they are"
            : Invariant($"{parts.Count} of {images.Count} images are different, too few to show that training all ")
                + "weights is better: the pretrained weights stay as they are"
        );
        return compared;
    }

    /// <summary>Trains all weights for a number of steps.</summary>
    /// <param name="network">From <see cref="Begin"/>.</param>
    /// <param name="images">The images, by their numbers.</param>
    /// <param name="stage">The name of the training in reports of progress.</param>
    /// <param name="steps">The number of steps.</param>
    /// <param name="teacher">The network whose answers are learned instead of the labels; null for none.</param>
    /// <returns>The network.</returns>
    public CompactNetwork Train(
        CompactNetwork network,
        IReadOnlyList<int> images,
        string stage,
        long steps,
        Teacher? teacher = null
    )
    {
        ImageSet set = _images.Subset(images);
        TrainingSettings settings = TrainStage.Settings(_context, steps) with
        {
            LearningRate = RunDefaults.LearningRate(_context.Options, _context.Loaders.BatchSizeOf(set.Count)),
            ClassWeights = _context.ClassWeightsOf(set),
            Teacher = teacher,
        };
        using var trial = new Trial(network, settings, _context.Loaders.FinalTraining(set));
        var progress = new Progress(_context.Observer, stage, 0, steps);
        long done = 0;
        trial.TrainTo(
            steps,
            () => progress.Report(++done, "all weights"),
            DataParallel.Alone,
            _context.CancellationToken
        );
        return network;
    }

    private long StepsOfTrialOn(int images) =>
        Math.Min(_mostSteps, RunDefaults.FineTuneSteps(_context.Options, images, _context.Loaders.BatchSize, _decides));

    private int ImageOf(int row) => _seen[_features.Images[row]];

    private string Describe(int depth) =>
        depth > _features.Network.Blocks.Count
            ? "the last convolution"
            : Invariant($"block {depth} of {_features.Network.Blocks.Count}");

    private ImageAnswer AnswerTo(int image, float[] scores) =>
        ImageAnswer.Of(_images.Name(image), _images.Label(image), scores);

    private static double Share(ImageAnswer?[] answers, IReadOnlyList<int> images) =>
        images.Average(image => answers[image] is { IsRight: true } ? 1.0 : 0);

    private readonly record struct Place(int Depth, double Penalty);
}
