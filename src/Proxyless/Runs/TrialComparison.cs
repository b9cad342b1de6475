using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// How trainings of all weights on trial compare with a classifier of features: on images that neither of the two has
/// learned from.
/// </summary>
/// <param name="Better">Images on which the training is right and the classifier wrong.</param>
/// <param name="Worse">Images on which the training is wrong and the classifier right.</param>
/// <param name="IsTrained">Whether the training is the choice.</param>
/// <param name="IsComplete">Whether all parts were tried.</param>
/// <param name="Answers">The answers of the trainings, by the image's number; null for images not tried.</param>
internal sealed record TrialComparison(int Better, int Worse, bool IsTrained, bool IsComplete, ImageAnswer?[] Answers)
{
    // No more parts are needed once the probability that chance alone makes the two differ in this many images is lower
    // than this.
    private const double Doubt = 0.1;

    /// <summary>Images with an answer of the trainings.</summary>
    public int Images => Answers.Count(answer => answer is not null);

    /// <summary>Tries one part after another, until it is known which of the two is the choice.</summary>
    /// <param name="parts">The images of each part, by their numbers.</param>
    /// <param name="classifier">The answers of the classifier, by the image's number.</param>
    /// <param name="needsProof">Whether the training must be better beyond chance to be the choice.</param>
    /// <param name="completes">
    /// Whether all parts are tried if the training is the choice: the accuracy of a part of them, by which it was
    /// chosen, is too high.
    /// </param>
    /// <param name="judge">Trains on all parts but that of a number, and answers it.</param>
    public static TrialComparison Of(
        IReadOnlyList<int[]> parts,
        ImageAnswer?[] classifier,
        bool needsProof,
        bool completes,
        Func<int, ImageAnswer?[]> judge
    )
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(judge);
        var trained = new ImageAnswer?[classifier.Length];
        int better = 0;
        int worse = 0;
        int tried = 0;

        // A training can only be right on so many more images.
        int possible = parts.Sum(part => Wrong(part, classifier));
        bool isDecided = false;
        while (tried < parts.Count && !isDecided && IsBetter(better + possible, worse, needsProof))
        {
            int[] part = parts[tried];
            possible -= Wrong(part, classifier);
            ImageAnswer?[] answers = judge(tried);
            foreach (int image in part)
            {
                trained[image] = answers[image];
                better += IsRight(answers[image]) && IsWrong(classifier[image]) ? 1 : 0;
                worse += IsWrong(answers[image]) && IsRight(classifier[image]) ? 1 : 0;
            }

            tried++;
            isDecided = SignTest(better, worse) < Doubt && (worse > better || !completes);
        }

        return new TrialComparison(better, worse, IsBetter(better, worse, needsProof), tried == parts.Count, trained);
    }

    /// <summary>
    /// Whether a training of all weights that is right wherever the classifier is wrong would be the choice.
    /// </summary>
    /// <param name="images">The images to judge on, by their numbers.</param>
    /// <param name="classifier">The cross-validated answers of the classifier, by the image's number.</param>
    /// <param name="needsProof">Whether it must be better beyond chance.</param>
    public static bool MayBeBeaten(IReadOnlyList<int> images, ImageAnswer?[] classifier, bool needsProof = true) =>
        IsBetter(Wrong(images, classifier), 0, needsProof);

    /// <summary>The number of images with a wrong answer.</summary>
    public static int Wrong(IReadOnlyList<int> images, ImageAnswer?[] answers) =>
        images.Count(image => IsWrong(answers[image]));

    /// <summary>The probability that this many fair coins fall at least as unevenly: the two-sided sign test.</summary>
    internal static double SignTest(int one, int other)
    {
        int coins = one + other;
        double term = Math.Pow(0.5, coins);
        double tail = 0;
        for (int i = 0; i <= Math.Min(one, other); i++)
        {
            tail += term;
            term *= (coins - i) / (i + 1.0);
        }

        return Math.Min(1, 2 * tail);
    }

    private static bool IsBetter(int better, int worse, bool needsProof) =>
        better > worse && (!needsProof || SignTest(better, worse) < Doubt);

    private static bool IsRight(ImageAnswer? answer) => answer is { IsRight: true };

    private static bool IsWrong(ImageAnswer? answer) => answer is { IsRight: false };
}
