using System.Numerics.Tensors;
using System.Text.Json.Serialization;
using Proxyless.Inference;

namespace Proxyless.Training;

/// <summary>What a model said about a labeled image, as in <c>answers.jsonl</c>.</summary>
/// <param name="Image">The image: its file, or its file and number.</param>
/// <param name="Label">The class it is labeled with, an index into the classes.</param>
/// <param name="Answer">The most probable class, an index into the classes.</param>
/// <param name="Probability">The model's probability of the answer, 0..1.</param>
/// <param name="LabelProbability">The model's probability of the label, 0..1.</param>
internal sealed record ImageAnswer(string Image, int Label, int Answer, double Probability, double LabelProbability)
{
    /// <summary>Whether the answer is the label; scores that are not numbers are no answer.</summary>
    [JsonIgnore]
    public bool IsRight => Answer == Label && double.IsFinite(Probability);

    /// <summary>Whether label and answer are classes.</summary>
    /// <param name="classes">Number of classes.</param>
    public bool IsWithin(int classes) => Label >= 0 && Label < classes && Answer >= 0 && Answer < classes;

    /// <summary>Counts how often each class was classified as each.</summary>
    /// <param name="answers">The answers, all of them within the classes.</param>
    /// <param name="classes">Number of classes.</param>
    /// <returns>Number of images of class i that were classified as class j, at [i][j].</returns>
    public static int[][] Confusion(IEnumerable<ImageAnswer> answers, int classes)
    {
        ArgumentNullException.ThrowIfNull(answers);
        int[][] confusion = [.. Enumerable.Range(0, classes).Select(_ => new int[classes])];
        foreach (ImageAnswer answer in answers)
        {
            confusion[answer.Label][answer.Answer]++;
        }

        return confusion;
    }

    /// <summary>Returns the answer of a model's scores.</summary>
    /// <param name="image">The image.</param>
    /// <param name="label">The class it is labeled with.</param>
    /// <param name="scores">A logit, or the logarithm of a probability, for each class.</param>
    public static ImageAnswer Of(string image, int label, ReadOnlySpan<float> scores)
    {
        float[] probabilities = Softmax.Of(scores);
        int answer = TensorPrimitives.IndexOfMax(scores);
        return new ImageAnswer(image, label, answer, probabilities[answer], probabilities[label]);
    }
}
