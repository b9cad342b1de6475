using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The training of one architecture.</summary>
internal static class TrainStage
{
    // What evaluation after every epoch, export and the final measurement take of the time.
    private const double ShareForSteps = 0.85;

    /// <summary>Trains from the last checkpoint where there is one.</summary>
    /// <param name="data">The images.</param>
    /// <param name="directory">Where the training goes.</param>
    /// <param name="start">Weights to start from, or null.</param>
    /// <param name="architecture">What to train.</param>
    /// <param name="time">Time for the training with all that earlier jobs have spent on it, or null.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    public static TrainResult Run(
        RunData data,
        RunDirectory directory,
        CompactNetwork? start,
        Architecture architecture,
        TimeSpan? time,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken)
    {
        double? best;
        try
        {
            best = Train(data, directory, start, architecture, time, clock, observer, cancellationToken);
        }
        finally
        {
            clock.Charge(directory, RunStage.Training);
        }

        return new TrainResult
        {
            Run = directory.Root,
            Architecture = architecture.Name,
            Model = directory.Model,
            ValidationTop1 = best,
            Seconds = RunPlan.Read(directory).TrainSeconds,
        };
    }

    private static double? Train(
        RunData data,
        RunDirectory directory,
        CompactNetwork? start,
        Architecture architecture,
        TimeSpan? time,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken)
    {
        RunPlan plan = RunPlan.Read(directory);
        using BatchLoader training = data.TrainingBatches(data.FinalImages, RandomUse.WeightImages, data.FinalTransforms);
        using BatchLoader? validation = data.Options.TrainOnAll ? null : data.EvaluationBatches(data.Images.Validation);
        if (plan.TrainSteps is null)
        {
            long planned = data.TrainSteps(training.BatchesPerEpoch);
            if (time is { } whole && data.Options.TrainEpochs is null)
            {
                double step = StepTiming.OfTraining(data, architecture, cancellationToken);
                TimeSpan left = whole - TimeSpan.FromSeconds(plan.TrainSeconds) - clock.Uncharged;
                planned = Math.Max(1, (long)(left.TotalSeconds * ShareForSteps / step));
                if (planned < training.BatchesPerEpoch)
                {
                    observer.Warning(Invariant($"RunOptions.Time leaves the training {planned} steps, {(double)planned / training.BatchesPerEpoch:P0} of an epoch: too few for a good model; give it more time"));
                }
            }

            plan = plan with { TrainSteps = planned };
            plan.Write(directory);
        }

        long steps = plan.TrainSteps!.Value;
        observer.Message(Invariant($"train: {steps} steps of {data.BatchSize} images ({(double)steps / training.BatchesPerEpoch:F1} epochs)"));
        using var network = new CompactNetwork(architecture, data.NetworkOptions);
        foreach ((NetworkTensor target, NetworkTensor source) in network.Tensors.Zip(start?.Tensors ?? []))
        {
            target.CopyFrom(source.Value);
        }

        var options = new TrainingOptions
        {
            Steps = steps,
            LearningRate = data.LearningRate,
            WeightDecay = data.Options.WeightDecay!.Value,
            LabelSmoothing = data.Options.LabelSmoothing,
            Dropout = data.Options.Dropout,
            Ema = data.Options.Ema,
            ClassWeights = data.ClassWeightsOf(data.FinalImages),
            CheckpointInterval = data.CheckpointInterval,
            Seed = data.TrainingSeed,
        };
        return new NetworkTrainer(directory, options, observer).Train(network, training, validation, cancellationToken);
    }

    /// <summary>What <see cref="RunOptions.FromSupernet"/> starts from.</summary>
    /// <param name="data">The images and options.</param>
    /// <param name="directory">Where the training goes, or has come to already.</param>
    /// <param name="searched">The run of the search.</param>
    /// <param name="architecture">What to train.</param>
    /// <param name="observer">Hears of a damaged checkpoint.</param>
    /// <param name="pruned">Told why where the search has pruned what is needed; the training then starts from scratch.</param>
    /// <returns>The searched path with its weights; null where the training starts from scratch or goes on from a checkpoint.</returns>
    /// <exception cref="InvalidInputException">There is no search, or it was in another space.</exception>
    public static CompactNetwork? Start(RunData data, RunDirectory directory, RunDirectory searched, Architecture architecture, IRunObserver observer, Action<string> pruned)
    {
        if (!data.Options.FromSupernet || (data.Options.Resume && new CheckpointFile(directory.LastCheckpoint).Exists))
        {
            return null;
        }

        var checkpoint = new CheckpointFile(searched.SearchCheckpoint);
        if (!checkpoint.Exists)
        {
            throw new InvalidInputException($"RunOptions.FromSupernet: '{searched.Root}' holds no search whose weights could be used; leave the option out");
        }

        int[] choice = data.Space.ChoiceOf(architecture)
            ?? throw new InvalidInputException(
                $"RunOptions.FromSupernet: the network was searched in space '{architecture.Metadata.GetValueOrDefault("space")}', and is none of '{data.Space.Name}' as it is now; leave the option out");
        (SafeTensorsFile file, string path) = checkpoint.Read(observer);
        using var super = new SuperNetwork(data.Space, data.Classes, data.NetworkOptions);
        NetworkTensor[] needed = [.. super.TensorsOf(choice)];
        if (needed.Any(tensor => !file.Tensors.ContainsKey(tensor.Name)))
        {
            pruned("RunOptions.FromSupernet: the network uses candidates whose weights the search has pruned");
            return null;
        }

        file.CopyTo(needed, path);
        return super.Extract(choice);
    }
}
