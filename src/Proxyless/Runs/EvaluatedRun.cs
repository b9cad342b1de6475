using Proxyless.Latency;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>A trained model, with all that its report shows.</summary>
/// <param name="Model">The model's file.</param>
/// <param name="Judged">Its answers on the test images.</param>
internal sealed record EvaluatedRun(string Model, EvaluateStage.Judgment Judged)
{
    /// <summary>How it compares with its integer model, or with the one of floats; null without one.</summary>
    public QuantizeResult? Integers { get; init; }

    /// <summary>The result of the run; null after a training alone, whose model is not timed.</summary>
    public RunResult? Result { get; init; }

    /// <summary>The target of its latency; null if it is not timed.</summary>
    public ITarget? Target { get; init; }

    /// <summary>
    /// The answers on all images by their numbers, each by a network that was trained without the image; null without
    /// folds.
    /// </summary>
    public IReadOnlyDictionary<int, ImageAnswer>? InFolds { get; init; }
}
