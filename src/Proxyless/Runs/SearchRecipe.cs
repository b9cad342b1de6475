using Proxyless.Data;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>What every process of a search begins it with.</summary>
internal static class SearchRecipe
{
    /// <summary>
    /// A process's parts of the batches of weight steps and of architecture steps; the caller disposes of them.
    /// </summary>
    public static (BatchLoader Weights, BatchLoader Held) Batches(RunContext context, DataParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(parallel);
        RunLoaders loaders = context.LoadersOf(parallel.Part);
        return (
            loaders.Training(context.Images.Weights, RandomUse.WeightImages),
            loaders.Training(context.Images.Architecture, RandomUse.ArchitectureImages)
        );
    }

    /// <summary>How a search with these steps is run.</summary>
    public static SearchSettings Settings(RunContext context, SearchPlan plan, double rate) =>
        new()
        {
            Plan = plan,
            LearningRate = context.SearchLearningRate(plan.WeightSteps),
            WeightDecay = context.Options.Training.WeightDecay!.Value,
            LabelSmoothing = context.Options.Training.LabelSmoothing,
            ClassWeights = context.ClassWeightsOf(context.Images.Weights),
            CheckpointInterval = context.CheckpointInterval,
            Update = context.Options.Search.Update,
            ArchitectureRate = rate,
            SampledArchitectures = context.Options.Search.ReinforceSamples,
            Objective = context.Options.Search.Objective,
            ObjectiveWeight = context.Options.Search.ObjectiveWeight,
            CorrectPairs = context.Options.Search.CorrectPairs,
            AnnealEntropy = !context.Options.Search.NoEntropySchedule,
            PruneThreshold = context.Options.Search.PruneThreshold,
            Seed = context.Options.Seed,
        };
}
