using System.Text.Json.Serialization;

namespace Proxyless.Runs;

/// <summary>
/// What was decided about pretrained weights. The compared networks were trained on other images than those that they
/// are compared on; the smaller network that a run trains may have been chosen on all of them.
/// </summary>
/// <param name="Blocks">
/// The number of blocks that the network keeps; one more than it has if it keeps its last convolution too.
/// </param>
/// <param name="IsTrained">
/// Whether all weights are trained, or only the classifier of the features that the pretrained ones compute.
/// </param>
/// <param name="Top1">Share of correct answers of the better one, 0..1; 0 if it is not known.</param>
/// <param name="Images">Number of images behind the share; 0 if it is not known.</param>
internal sealed record FineTuning(int Blocks, bool IsTrained, double Top1, int Images)
{
    /// <summary>Whether <see cref="Top1"/> is that of cross-validation, or of the validation images.</summary>
    public bool IsCrossValidated { get; init; }

    /// <summary>
    /// Top-1 of what the training begins with on the validation images, 0..1; null if those are learned from.
    /// </summary>
    public double? BeginningTop1 { get; init; }

    /// <summary>
    /// The most steps of a trial of all weights, from the time that was left; null without a limit on time.
    /// </summary>
    public long? MostTrialSteps { get; init; }

    /// <summary><see cref="Top1"/> if it is that of cross-validation.</summary>
    [JsonIgnore]
    public double? CrossValidatedTop1 => IsCrossValidated ? Top1 : null;
}
