using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Quantization;
using Proxyless.Runs;
using Proxyless.Training;
using static Proxyless.InvariantText;

namespace Proxyless.Bench;

/// <summary>Fine-tunes networks and evaluates them on the test images.</summary>
/// <param name="context">The images.</param>
/// <param name="steps">The most steps of a training.</param>
/// <param name="integers">The images of a quantization; null if integer models are not evaluated.</param>
internal sealed class NarrowTuning(RunContext context, int steps, QuantizeImages? integers)
{
    /// <summary>Fine-tunes a network.</summary>
    /// <param name="network">The network; not changed.</param>
    /// <param name="seed">Added to the seed of the training.</param>
    /// <param name="teacher">The network whose answers are learned instead of the labels; null for none.</param>
    /// <returns>The trained network; the receiver disposes of it.</returns>
    public CompactNetwork Tuned(CompactNetwork network, int seed, CompactNetwork? teacher)
    {
        ArgumentNullException.ThrowIfNull(network);
        RunContext seeded = context.Reseeded(context.TrainingSeed + seed, context.Clock);
        var tuner = new FineTuner(seeded, network, context.Images.Training, decides: false, steps);
        CompactNetwork tuned = tuner.Begin(tuner.All, network.Blocks.Count + 1);
        tuner.Train(tuned, tuner.All, teacher is null ? null : new Teacher(teacher));
        return tuned;
    }

    /// <summary>The accuracy of a network, and as an integer model.</summary>
    /// <param name="tuned">The trained network.</param>
    /// <param name="seed">The seed of its training, for messages.</param>
    public (double Floats, double? Integers) Top1Of(CompactNetwork tuned, int seed)
    {
        ArgumentNullException.ThrowIfNull(tuned);
        if (integers is not null)
        {
            AnswerComparison comparison = AsIntegers(tuned);
            context.Observer.Message(
                Invariant($"seed {seed}: {comparison.ExpectedTop1:P2} in float, {comparison.Top1:P2} in integers, ")
                    + Invariant($"of {comparison.Images} test images")
            );
            return (comparison.ExpectedTop1!.Value, comparison.Top1);
        }

        using BatchLoader test = context.Loaders.Deployed(context.Images.Test);
        TopAccuracy accuracy = NetworkEvaluator.Evaluate(tuned, test, context.Observer, context.CancellationToken);
        context.Observer.Message(Invariant($"seed {seed}: {accuracy.Top1:P2} of {accuracy.Images} test images"));
        return (accuracy.Top1, null);
    }

    private AnswerComparison AsIntegers(CompactNetwork tuned)
    {
        byte[] onnx = ExportStage.ModelOf(context, tuned, new Dictionary<string, string>());
        byte[] made = UsualIntegers.Of(
            onnx,
            FloatLayers.Usual,
            UsualIntegers.WeightBitsFor([]),
            integers!.Calibration,
            context.Threads,
            context.Observer,
            context.CancellationToken
        );
        return ImageComparison.Of(
            onnx,
            made,
            integers.Others,
            integers.OthersCount,
            context.Threads,
            context.Observer,
            context.CancellationToken
        );
    }
}
