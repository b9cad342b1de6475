using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The outcome of repeating a training in folds.</summary>
/// <param name="Accuracy">The accuracy.</param>
/// <param name="Answers">
/// The answers by the number of the image among all, each by a network that was trained without the image.
/// </param>
internal sealed record FoldAnswers(FoldAccuracy Accuracy, IReadOnlyDictionary<int, ImageAnswer> Answers);
