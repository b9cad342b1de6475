using Proxyless.Training;

namespace Proxyless.Reports;

/// <summary>An answer with the picture that it is about.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Jpeg">
/// A small picture of the part that the model sees, as JPEG; null if it can no longer be read.
/// </param>
internal sealed record PicturedAnswer(ImageAnswer Answer, byte[]? Jpeg);

/// <summary>What a model says about labeled images that it was trained without.</summary>
internal sealed record AnswerReport
{
    /// <summary>How many answers are shown with their pictures, of each kind.</summary>
    public const int Pictured = 12;

    /// <summary>The names of the classes.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Number of training images of each class.</summary>
    public required IReadOnlyList<int> TrainingImages { get; init; }

    /// <summary>All answers.</summary>
    public required IReadOnlyList<ImageAnswer> Answers { get; init; }

    /// <summary>Which images these are, such as <c>5,000 test images</c>.</summary>
    public required string Images { get; init; }

    /// <summary>The wrong answers of <see cref="MostConfidentlyWrong"/>, with their pictures.</summary>
    public required IReadOnlyList<PicturedAnswer> Wrong { get; init; }

    /// <summary>The correct answers with the lowest probability, the least probable first.</summary>
    public required IReadOnlyList<PicturedAnswer> Uncertain { get; init; }

    /// <summary>Test images that are nearly training images; null if nobody looked for them.</summary>
    public SimilarReport? Similar { get; init; }

    /// <summary>Number of images of class i that were classified as class j, at [i][j].</summary>
    public int[][] Confusion() => ImageAnswer.Confusion(Answers, Classes.Count);

    /// <summary>
    /// The numbers of the wrong answers that are shown: those whose answer is most probable compared with the label
    /// first. This margin finds wrong labels better than the probability of the answer alone, which is also high where
    /// two classes are alike (Northcutt, Jiang and Chuang, Journal of Artificial Intelligence Research 70, 2021).
    /// </summary>
    public static IEnumerable<int> MostConfidentlyWrong(IReadOnlyList<ImageAnswer> answers) =>
        Enumerable
            .Range(0, answers.Count)
            .Where(i => !answers[i].IsRight)
            .OrderByDescending(i => answers[i].Probability - answers[i].LabelProbability)
            .ThenBy(i => answers[i].Image, StringComparer.Ordinal)
            .Take(Pictured);

    /// <summary>The numbers of the correct answers that are shown: those with the lowest probability first.</summary>
    public static IEnumerable<int> LeastCertain(IReadOnlyList<ImageAnswer> answers) =>
        Enumerable
            .Range(0, answers.Count)
            .Where(i => answers[i].IsRight)
            .OrderBy(i => answers[i].Probability)
            .ThenBy(i => answers[i].Image, StringComparer.Ordinal)
            .Take(Pictured);
}
