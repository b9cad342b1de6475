using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// Decides how a network is used that was fitted to the images: least squares let it compute what the whole one computes
/// of them, and less of others. Cross-validation of a classifier on the same images would not see that. Here each part
/// of the images is judged with networks that are fitted anew to the other parts, with the classifier of their features
/// and after a training of all weights. The training repairs what was lost of other images, too: it is the choice unless
/// the classifier is right on more images.
/// </summary>
/// <param name="start">Fits networks anew.</param>
/// <param name="images">The images.</param>
/// <param name="among">Those to decide on, by their numbers.</param>
internal sealed class FittedComparison(IFineTuneStart start, ImageSet images, int[] among)
{
    private readonly IReadOnlyList<int[]> _parts = FineTuner.Parts(
        start.Context,
        images,
        among,
        FineTuner.PartsOfTraining
    );

    /// <summary>Whether the images are enough: of copies of two images alone, each trial would learn from one.</summary>
    public bool IsPossible => _parts.Count > FineTuner.FewestDifferentImages;

    /// <summary>Decides.</summary>
    /// <param name="classifying">The network whose features are classified if no weights are trained.</param>
    /// <param name="blocks">The number of its blocks before these features.</param>
    /// <param name="training">The network that is trained otherwise; it may be the same.</param>
    /// <returns>The decision, and the answers of what was decided on, by the image's number.</returns>
    public (FineTuning Decision, ImageAnswer?[] Answers) Decide(FineTuner classifying, int blocks, FineTuner training)
    {
        ArgumentNullException.ThrowIfNull(classifying);
        ArgumentNullException.ThrowIfNull(training);
        var classified = new ImageAnswer?[images.Count];
        var trained = new ImageAnswer?[images.Count];
        for (int i = 0; i < _parts.Count; i++)
        {
            int[] part = _parts[i];
            int[] rest = [.. among.Except(part)];
            using CompactNetwork? first = start.Refitted(classifying.Network, images, rest);
            using CompactNetwork? second =
                training.Network == classifying.Network ? null : start.Refitted(training.Network, images, rest);
            FineTuner classifier = first is null ? classifying : classifying.With(first);
            FineTuner trainer =
                training.Network == classifying.Network ? classifier
                : second is null ? training
                : training.With(second);
            using (CompactNetwork network = classifier.Begin(rest, blocks))
            {
                Copy(classifier.Judge(network, part), part, classified);
            }

            using CompactNetwork tried = trainer.Trial(rest, i, _parts.Count);
            Copy(trainer.Judge(tried, part), part, trained);
        }

        int right = Right(classified);
        int rightIfTrained = Right(trained);
        bool isTrained = rightIfTrained >= right;
        ImageAnswer?[] answers = isTrained ? trained : classified;
        int known = answers.Count(answer => answer is not null);
        start.Context.Observer.Message(
            Invariant(
                $"of {known} images, cross-validated with networks fitted anew, the classifier of the features is "
            )
                + Invariant($"right on {right}, training all weights on {rightIfTrained}: ")
                + (isTrained ? "all weights are trained" : "the weights stay as they are")
        );
        return (
            new FineTuning(
                isTrained ? training.LastDepth : blocks,
                isTrained,
                (double)Right(answers) / Math.Max(1, known),
                known
            )
            {
                IsCrossValidated = true,
                MostTrialSteps = training.MostTrialSteps,
            },
            answers
        );
    }

    private static int Right(ImageAnswer?[] answers) => answers.Count(answer => answer is { IsRight: true });

    private static void Copy(ImageAnswer?[] from, int[] part, ImageAnswer?[] to)
    {
        foreach (int image in part)
        {
            to[image] = from[image];
        }
    }
}
