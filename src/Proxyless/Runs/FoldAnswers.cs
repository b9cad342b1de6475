using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The outcome of repeating a training in folds.</summary>
/// <param name="Accuracy">The accuracy.</param>
/// <param name="Answers">
/// The answers by the number of the image among all, each by a network that was trained without the image.
/// </param>
internal sealed record FoldAnswers(FoldAccuracy Accuracy, IReadOnlyDictionary<int, ImageAnswer> Answers);

/// <summary>An answer of a fold, as in <c>folds.jsonl</c>.</summary>
/// <param name="Fold">The fold, from 0.</param>
/// <param name="Number">The number of the image among all.</param>
/// <param name="Answer">The answer.</param>
internal sealed record FoldAnswer(int Fold, int Number, ImageAnswer Answer);
