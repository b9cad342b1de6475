using Proxyless.Latency;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The end of a run, with all that its report shows.</summary>
/// <param name="Result">The result.</param>
/// <param name="Judged">The model's answers on the test images.</param>
/// <param name="Target">The target of its latency.</param>
internal sealed record EvaluatedRun(RunResult Result, EvaluateStage.Judgement Judged, ITarget Target)
{
    /// <summary>
    /// The answers on all images by their numbers, each by a network that was trained without the image; null without
    /// folds.
    /// </summary>
    public IReadOnlyDictionary<int, ImageAnswer>? InFolds { get; init; }
}
