using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// Decides how a network is used that was fitted to the images: least squares let it compute what the whole one
/// computes of them, and less of others. Cross-validation on the same images would not see that. Here each part of the
/// images is judged with networks that are fitted anew to the other parts, with the classifier of their features and
/// after a training of all weights.
/// </summary>
/// <param name="start">Fits networks anew.</param>
/// <param name="images">The images.</param>
/// <param name="among">Those to decide on, by their numbers.</param>
internal sealed class FittedComparison(IFineTuneStart start, ImageSet images, int[] among) : IDisposable
{
    // What is fitted to classify features is also trained, where it is the same network.
    private readonly List<Refitted> _refitted = [];
    private readonly IReadOnlyList<int[]> _parts = FineTuner.Parts(
        start.Context,
        images,
        among,
        FineTuner.PartsOfTraining
    );

    /// <summary>
    /// Whether the images are enough: of copies of two images alone, each trial would learn from one.
    /// </summary>
    public bool IsPossible => _parts.Count > FineTuner.FewestDifferentImages;

    /// <summary>Cross-validates the classifier of features.</summary>
    /// <param name="tuner">The network.</param>
    /// <param name="blocks">The number of its blocks before the features.</param>
    /// <returns>The answers, by the image's number; null for other images and for those that cannot be read.</returns>
    public ImageAnswer?[] Classify(FineTuner tuner, int blocks)
    {
        ImageAnswer?[] answers = RefittedOf(tuner).Judged((anew, rest, _) => anew.Begin(rest, blocks));
        int known = answers.OfType<ImageAnswer>().Count();
        start.Context.Observer.Message(
            "classifier of the features, cross-validated with networks fitted anew: right on "
                + Invariant($"{answers.Count(IsRight)} of {known} images")
        );
        return answers;
    }

    /// <summary>Decides.</summary>
    /// <param name="classifier">The cross-validated answers of the classifier, by the image's number.</param>
    /// <param name="blocks">The number of blocks before its features.</param>
    /// <param name="needsProof">
    /// Whether the training must be better beyond chance, since the features are those of the whole network: they are
    /// worth more than a few images say. Of features that were fitted no better is known than of trained ones.
    /// </param>
    /// <param name="training">The network that is trained otherwise.</param>
    /// <returns>The decision, and the answers of what was decided on, by the image's number.</returns>
    public (FineTuning Decision, ImageAnswer?[] Answers) Decide(
        ImageAnswer?[] classifier,
        int blocks,
        bool needsProof,
        FineTuner training
    )
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(training);
        int[] known = [.. among.Where(image => classifier[image] is not null)];
        if (!FineTuner.MayBeBeaten(among, classifier, needsProof))
        {
            start.Context.Observer.Message(
                Invariant($"the classifier is wrong on {FineTuner.Wrong(among, classifier)} of {known.Length} images, ")
                    + "too few to show that training all weights is better: the weights stay as they are"
            );
            return (training.DecisionOf(blocks, isTrained: false, classifier), classifier);
        }

        ImageAnswer?[] trained = RefittedOf(training)
            .Judged((anew, rest, part) => anew.Trial(rest, part, _parts.Count));
        int better = known.Count(image => IsRight(trained[image]) && !IsRight(classifier[image]));
        int worse = known.Count(image => !IsRight(trained[image]) && IsRight(classifier[image]));
        bool isTrained = FineTuner.IsBetter(better, worse, needsProof);
        start.Context.Observer.Message(
            Invariant(
                $"training all weights of networks fitted anew: right on {better} images where the classifier is "
            )
                + Invariant($"wrong, wrong on {worse} where it is right, of {known.Length}: ")
                + (isTrained ? "all weights are trained" : "the weights stay as they are")
        );
        ImageAnswer?[] answers = isTrained ? trained : classifier;
        return (training.DecisionOf(blocks, isTrained, answers), answers);
    }

    /// <inheritdoc/>
    public void Dispose() => _refitted.ForEach(one => one.Dispose());

    private Refitted RefittedOf(FineTuner tuner)
    {
        if (_refitted.Find(one => one.Network == tuner.Network) is { } known)
        {
            return known;
        }

        var made = new Refitted(start, tuner, images, among, _parts);
        _refitted.Add(made);
        return made;
    }

    private static bool IsRight(ImageAnswer? answer) => answer is { IsRight: true };

    /// <summary>A network for each part of the images, fitted to the others; the network itself if none was.</summary>
    private sealed class Refitted : IDisposable
    {
        private readonly ImageSet _images;
        private readonly List<(int[] Part, int[] Others, FineTuner Tuner)> _parts = [];
        private readonly List<CompactNetwork> _networks = [];

        public Refitted(IFineTuneStart start, FineTuner tuner, ImageSet images, int[] among, IReadOnlyList<int[]> parts)
        {
            _images = images;
            Network = tuner.Network;
            try
            {
                foreach (int[] part in parts)
                {
                    int[] rest = [.. among.Except(part)];
                    if (start.Refitted(tuner.Network, images, rest) is { } network)
                    {
                        _networks.Add(network);
                        _parts.Add((part, rest, tuner.With(network)));
                    }
                    else
                    {
                        _parts.Add((part, rest, tuner));
                    }
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>The network that was fitted to all of the images.</summary>
        public CompactNetwork Network { get; }

        /// <summary>The answers to all parts, each of the network that is made from the others.</summary>
        /// <param name="make">Makes a network from images, for the part of a number.</param>
        public ImageAnswer?[] Judged(Func<FineTuner, int[], int, CompactNetwork> make)
        {
            var answers = new ImageAnswer?[_images.Count];
            foreach ((int i, (int[] part, int[] rest, FineTuner tuner)) in _parts.Index())
            {
                using CompactNetwork network = make(tuner, rest, i);
                ImageAnswer?[] own = tuner.Judge(network, part);
                foreach (int image in part)
                {
                    answers[image] = own[image];
                }
            }

            return answers;
        }

        public void Dispose() => _networks.ForEach(network => network.Dispose());
    }
}
