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

    /// <summary>Decides, unless an earlier job has.</summary>
    /// <param name="context">The context of <see cref="ContextOf"/>, with the input of the weights.</param>
    /// <param name="store">The run of the training.</param>
    /// <param name="whole">The network with its weights, at the resolution of the run.</param>
    /// <param name="sized">The same with the classes of the run.</param>
    /// <returns>The network to train or to export.</returns>
    public static Architecture Run(RunContext context, RunStore store, CompactNetwork whole, Architecture sized)
    {
        if (store.Plan.FineTuning is not null)
        {
            return ArchitectureFile.Read(store.Directory.Architecture);
        }

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
        var tuner = new FineTuner(context, whole, images, MostSteps(context, whole.Architecture));
        int[] all = [.. Enumerable.Range(0, images.Count)];
        var right = new bool?[images.Count];
        IReadOnlyList<int[]> parts = tuner.Parts(all, folds);
        for (int i = 0; i < parts.Count; i++)
        {
            context.Observer.Message(Invariant($"fold {i + 1} of {parts.Count}:"));
            using CompactNetwork network = tuner.Tune([.. all.Except(parts[i])]);
            bool?[] answers = tuner.Judge(network, parts[i]);
            foreach (int image in parts[i])
            {
                right[image] = answers[image];
            }
        }

        int[] judged = [.. all.Where(image => right[image] is not null)];
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
        ImageSet images = context.Images.AllTraining;
        var tuner = new FineTuner(context, whole, images, mostSteps);
        int[] all = [.. Enumerable.Range(0, images.Count)];
        FineTuning decision = tuner.Decide(all);
        return (decision, tuner.Begin(all, decision), decision.IsTrained ? tuner.StepsOn(all.Length) : 0);
    }

    private static (FineTuning, CompactNetwork, long) OfMany(RunContext context, CompactNetwork whole, long mostSteps)
    {
        ImageSet images = context.Loaders.FinalImages;
        var tuner = new FineTuner(context, whole, images.Spread(FineTuner.MostImagesOfClassifier), mostSteps);
        int[] all = [.. Enumerable.Range(0, Math.Min(images.Count, FineTuner.MostImagesOfClassifier))];
        var decision = new FineTuning(whole.Blocks.Count + 1, true, 0, context.Images.Validation.Count);
        CompactNetwork begun = tuner.Begin(all, decision);
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
        return (decision with { Top1 = accuracy.Top1 }, begun, tuner.StepsOn(images.Count));
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
