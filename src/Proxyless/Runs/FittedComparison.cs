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
        Refitted refitted = RefittedOf(tuner);
        var answers = new ImageAnswer?[images.Count];
        for (int i = 0; i < _parts.Count; i++)
        {
            ImageAnswer?[] own = refitted.Judged(i, (anew, rest) => anew.Begin(rest, blocks));
            foreach (int image in _parts[i])
            {
                answers[image] = own[image];
            }
        }

        ImageAnswer[] known = [.. answers.OfType<ImageAnswer>()];
        start.Context.Observer.Message(
            "classifier of the features, cross-validated with networks fitted anew: right on "
                + Invariant($"{known.Count(answer => answer.IsRight)} of {known.Length} images")
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
        Refitted refitted = RefittedOf(training);
        var compared = TrialComparison.Of(
            _parts,
            classifier,
            needsProof,
            completes: true,
            part => refitted.Judged(part, (anew, rest) => anew.Trial(rest, part, _parts.Count))
        );
        start.Context.Observer.Message(
            compared.Images > 0
                ? Invariant($"training all weights of networks fitted anew: right on {compared.Better} images where ")
                    + Invariant($"the classifier is wrong, wrong on {compared.Worse} where it is right, of ")
                    + Invariant($"{compared.Images}: ")
                    + (compared.IsTrained ? "all weights are trained" : "the weights stay as they are")
                : Invariant($"the classifier is wrong on {TrialComparison.Wrong(among, classifier)} of ")
                    + Invariant($"{classifier.OfType<ImageAnswer>().Count()} images, too few to show that training ")
                    + "all weights is better: the weights stay as they are"
        );
        ImageAnswer?[] answers = compared.IsTrained ? compared.Answers : classifier;
        return (training.DecisionOf(blocks, compared.IsTrained, answers), answers);
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

    /// <summary>
    /// A network for each part of the images, fitted to the others when it is needed; the network itself if none is.
    /// </summary>
    private sealed class Refitted(
        IFineTuneStart start,
        FineTuner tuner,
        ImageSet images,
        int[] among,
        IReadOnlyList<int[]> parts
    ) : IDisposable
    {
        private readonly (int[] Others, FineTuner Tuner)?[] _fitted = new (int[], FineTuner)?[parts.Count];
        private readonly List<CompactNetwork> _networks = [];

        /// <summary>The network that was fitted to all of the images.</summary>
        public CompactNetwork Network => tuner.Network;

        /// <summary>The answers to a part, of a network that is made from the others.</summary>
        /// <param name="part">The number of the part.</param>
        /// <param name="make">Makes a network from images.</param>
        public ImageAnswer?[] Judged(int part, Func<FineTuner, int[], CompactNetwork> make)
        {
            (int[] others, FineTuner fitted) = _fitted[part] ??= FittedTo([.. among.Except(parts[part])]);
            using CompactNetwork network = make(fitted, others);
            return fitted.Judge(network, parts[part]);
        }

        /// <inheritdoc/>
        public void Dispose() => _networks.ForEach(network => network.Dispose());

        private (int[] Others, FineTuner Tuner) FittedTo(int[] others)
        {
            if (start.Refitted(tuner.Network, images, others) is not { } network)
            {
                return (others, tuner);
            }

            _networks.Add(network);
            return (others, tuner.With(network));
        }
    }
}
