using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>
/// The beginning of a training with pretrained weights: the network and the weights that it begins with, which are
/// written as its best checkpoint, and how many steps follow.
/// </summary>
internal static class FineTuneStage
{
    // The trials of cross-validation, and the training itself, which is as long as two.
    private const int Trainings = 5;

    // The rest is for features, evaluation and export.
    private const double ShareForSteps = 0.7;

    /// <summary>
    /// Returns the context in which the network is trained: what few images there are, all are learned from.
    /// </summary>
    public static RunContext ContextOf(RunContext context) =>
        AreFew(context) && !context.Images.HasOwnValidation
            ? context with
            {
                Options = context.Options with { Training = context.Options.Training with { OnAll = true } },
            }
            : context;

    /// <summary>Decides, and writes what the training begins with.</summary>
    /// <param name="context">The context of <see cref="ContextOf"/>, with the input of the weights.</param>
    /// <param name="store">The run of the training.</param>
    /// <param name="whole">The network with its weights, at the resolution of the run.</param>
    /// <param name="sized">The same with the classes of the run.</param>
    /// <returns>The network to train or to export.</returns>
    public static Architecture Run(RunContext context, RunStore store, CompactNetwork whole, Architecture sized)
    {
        try
        {
            long mostSteps = MostSteps(context, sized);
            (FineTuning decision, CompactNetwork begun, long steps) = AreFew(context)
                ? OfFew(context, whole, mostSteps)
                : OfMany(context, whole, mostSteps);
            using (begun)
            {
                Architecture architecture = begun.Architecture with { Metadata = sized.Metadata };
                store.Write(architecture);
                TrainingSession.Begin(
                    store.Directory,
                    begun,
                    context.Options.Training.OnAll ? null : decision.Top1,
                    context.Options.Training.Ema is not null
                );
                store.Write(store.Plan with { FineTuning = decision, TrainSteps = steps });
                return architecture;
            }
        }
        finally
        {
            context.Clock.Charge(store, RunStage.Training);
        }
    }

    /// <summary>
    /// Repeats everything, the decisions too, on all parts of the images but one, and tests the network on that one.
    /// </summary>
    /// <param name="context">The context of <see cref="ContextOf"/>, with the input of the weights.</param>
    /// <param name="whole">The network with its weights, at the resolution of the run.</param>
    /// <param name="folds">Number of parts.</param>
    public static FoldAccuracy InFolds(RunContext context, CompactNetwork whole, int folds)
    {
        ImageSet images = context.Images.All;
        var tuner = new FineTuner(context, whole, images, AreFew(context), MostSteps(context, whole.Architecture));
        var right = new bool?[images.Count];
        IReadOnlyList<int[]> parts = tuner.Parts(tuner.All, folds);
        for (int i = 0; i < parts.Count; i++)
        {
            context.Observer.Message(Invariant($"fold {i + 1} of {parts.Count}:"));
            using CompactNetwork network = tuner.Tune([.. tuner.All.Except(parts[i])]);
            bool?[] answers = tuner.Judge(network, parts[i]);
            foreach (int image in parts[i])
            {
                right[image] = answers[image];
            }
        }

        int[] judged = [.. tuner.All.Where(image => right[image] is not null)];
        return new FoldAccuracy(
            parts.Count,
            judged.Length,
            judged.Average(image => right[image]!.Value ? 1.0 : 0),
            judged.GroupBy(images.Label).Average(ofClass => ofClass.Average(image => right[image]!.Value ? 1.0 : 0))
        );
    }

    private static bool AreFew(RunContext context) => context.Images.AllTraining.Count <= FineTuner.MostImages;

    private static (FineTuning, CompactNetwork, long) OfFew(RunContext context, CompactNetwork whole, long mostSteps)
    {
        var tuner = new FineTuner(context, whole, context.Images.AllTraining, decides: true, mostSteps);
        FineTuning decision = tuner.Decide(tuner.All);
        CompactNetwork begun = tuner.Begin(tuner.All, decision.Blocks);
        return (decision, begun, decision.IsTrained ? tuner.StepsOn(tuner.All.Count) : 0);
    }

    private static (FineTuning, CompactNetwork, long) OfMany(RunContext context, CompactNetwork whole, long mostSteps)
    {
        ImageSet images = context.Loaders.FinalImages;
        ImageSet some = images.Spread(FineTuner.MostImagesOfClassifier);
        var tuner = new FineTuner(context, whole, some, decides: false, mostSteps);
        FineTuning decision = tuner.Decide(tuner.All);
        CompactNetwork begun = tuner.Begin(tuner.All, decision.Blocks);
        using BatchLoader validation = context.Loaders.Evaluation(context.Images.Validation);
        Tensor Scores(Tensor input) => begun.Forward(input, NormPass.Evaluation);
        TopAccuracy accuracy = NetworkEvaluator.Evaluate(
            Scores,
            validation,
            context.Device,
            context.Observer,
            context.CancellationToken
        );
        context.Observer.Message(
            Invariant(
                $"classifier of the pretrained features: {accuracy.Top1:P1} of {accuracy.Images} validation images"
            )
        );
        return (
            decision with
            {
                Top1 = accuracy.Top1,
                Images = (int)accuracy.Images,
            },
            begun,
            tuner.StepsOn(images.Count)
        );
    }

    private static long MostSteps(RunContext context, Architecture architecture)
    {
        if (context.Options.Time is not { } time || context.Options.Training.Epochs is not null)
        {
            return long.MaxValue;
        }

        int trainings = (AreFew(context) ? Trainings : 1) * (1 + (context.Options.Training.Folds ?? 0));
        double seconds = StepTiming.OfTraining(context, architecture);
        return Math.Max(1, (long)((time - context.Clock.Uncharged).TotalSeconds * ShareForSteps / trainings / seconds));
    }
}
