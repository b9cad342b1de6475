using System.Globalization;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Reports;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// Trains one fixed network: SGD with Nesterov momentum, cosine schedule with warm-up, label smoothing, no weight decay on
/// batch norm and bias. A checkpoint (<see cref="CheckpointSchedule"/>) holds all that a resume needs to repeat what would have been.
/// </summary>
public sealed class NetworkTrainer
{
    /// <summary>The metadata key, in the best checkpoint, of its top-1 on the validation images; absent where there were none.</summary>
    internal const string ValidationTop1Key = "validation_top1";

    private const string AveragePrefix = "average.";
    private readonly RunDirectory _directory;
    private readonly TrainingOptions _options;
    private readonly IRunObserver _observer;
    private readonly CheckpointFile _last;

    /// <summary>Creates a trainer.</summary>
    /// <param name="directory">Where checkpoints and the log go.</param>
    /// <param name="options">How to train.</param>
    /// <param name="observer">Hears of the progress.</param>
    public NetworkTrainer(RunDirectory directory, TrainingOptions options, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(directory);
        _directory = directory;
        _last = new CheckpointFile(directory.LastCheckpoint);
        _options = options;
        _observer = observer;
    }

    /// <summary>Trains the network, from its last checkpoint where there is one.</summary>
    /// <param name="network">The network; holds the weights of the best epoch afterwards, of the last one without validation images.</param>
    /// <param name="training">Augmented training images, shuffled.</param>
    /// <param name="validation">Images that pick the best epoch, or null.</param>
    /// <param name="cancellation">Stops after the step at hand, with a checkpoint.</param>
    /// <exception cref="InvalidInputException">The training diverges, and the last checkpoint is from before; or the images are unreadable, and the checkpoint is of the last step.</exception>
    /// <exception cref="IOException">The images are gone, and the checkpoint is of the last step; or no checkpoint can be written, and the one before is left.</exception>
    /// <returns>Top-1 on the validation images at the best epoch, 0..1; null without any.</returns>
    public double? Train(CompactNetwork network, BatchLoader training, BatchLoader? validation, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(training);
        Device device = network.Options.Device;
        using var loss = new ClassificationLoss(_options.LabelSmoothing, _options.ClassWeights, device);
        using var optimizer = new SgdOptimizer { WeightDecay = _options.WeightDecay, Kernels = network.Options.Kernels };
        using ExponentialMovingAverage? average = _options.Ema is { } decay
            ? new ExponentialMovingAverage(network, new CompactNetwork(network.Architecture, network.Options), decay)
            : null;
        var schedule = new CosineSchedule(_options.LearningRate, _options.Steps, (long)(_options.WarmupShare * _options.Steps));
        NetworkTensor[] tensors = [.. network.Tensors];
        List<TrainingCurvePoint> log = [];
        (long step, double best, double lossSum, long lossSteps) = _last.Exists
            ? Resume(tensors, optimizer, average)
            : (0, -1, 0, 0);
        log.AddRange(JsonLines.Read<TrainingCurvePoint>(_directory.TrainingLog).Where(point => point.Epoch <= JudgedEpochs(step, lossSteps, training.BatchesPerEpoch)));
        var progress = new Progress(_observer, "train", step, _options.Steps);
        var checkpoints = new CheckpointSchedule(TimeProvider.System, _options.CheckpointInterval);
        bool isInStep = false;
        long saved = -1;
        void SaveAll()
        {
            // The log first: a resume leaves out what it is ahead of the checkpoint.
            JsonLines.Write(_directory.TrainingLog, log);
            Save(tensors, optimizer, average, step, best, lossSum, lossSteps);
            checkpoints.Saved();
            saved = step;
        }

        void WriteCheckpoint()
        {
            SaveAll();
            cancellation.ThrowIfCancellationRequested();
        }

        try
        {
            while (true)
            {
                if (lossSteps > 0 && (step % training.BatchesPerEpoch == 0 || step >= _options.Steps))
                {
                    // Here after the last step of an epoch, and after a resume that finds an epoch trained but not judged.
                    CompactNetwork judged = average?.Average ?? network;
                    double? top1 = validation is null
                        ? null
                        : NetworkEvaluator.Evaluate(x => judged.Forward(x, NormPass.Evaluation), validation, device, cancellation, _observer).Top1;
                    if (top1 is null || top1 >= best)
                    {
                        WriteNetwork(judged, top1, step);
                        best = top1 ?? best;
                    }

                    log.Add(new TrainingCurvePoint(log.Count + 1, lossSum / lossSteps, top1, schedule.At(step - 1)));
                    (lossSum, lossSteps) = (0, 0);
                    if (step >= _options.Steps || cancellation.IsCancellationRequested || checkpoints.IsDue(atEpochEnd: true))
                    {
                        WriteCheckpoint();
                    }
                }

                if (step >= _options.Steps)
                {
                    break;
                }

                int epoch = (int)(step / training.BatchesPerEpoch);
                foreach (Batch batch in training.Epoch(epoch, (int)(step % training.BatchesPerEpoch), CancellationToken.None))
                {
                    isInStep = true;
                    using (batch)
                    {
                        double value = Step(network, tensors, batch, loss, optimizer, schedule.At(step), step);
                        average?.Update(step);
                        lossSum += value;
                        lossSteps++;
                        step++;
                    }

                    isInStep = false;
                    progress.Report(step, $"loss {lossSum / lossSteps:F3}{(best >= 0 ? $", best top-1 {best:P1}" : "")}");
                    bool ended = step >= _options.Steps || step % training.BatchesPerEpoch == 0;
                    if (cancellation.IsCancellationRequested || checkpoints.IsDue(atEpochEnd: false))
                    {
                        WriteCheckpoint();
                    }

                    if (ended)
                    {
                        break;
                    }
                }
            }
        }
        catch (Exception exception) when (!isInStep && exception is OperationCanceledException or InvalidInputException or IOException or UnauthorizedAccessException)
        {
            // Stopped within an evaluation; or the images have failed between two steps, or the checkpoint's disk has.
            if (saved != step)
            {
                CheckpointFile.TryWrite(SaveAll);
            }

            throw;
        }

        SafeTensorsFile.Read(_directory.BestCheckpoint).CopyTo(tensors, _directory.BestCheckpoint);
        return validation is null ? null : best;
    }

    private static long JudgedEpochs(long step, long lossSteps, long batchesPerEpoch) =>
        ((step - lossSteps) + batchesPerEpoch - 1) / batchesPerEpoch;

    private double Step(
        CompactNetwork network, NetworkTensor[] tensors, Batch batch, ClassificationLoss loss, SgdOptimizer optimizer, double rate, long step)
    {
        if (_options.Dropout > 0)
        {
            random.manual_seed((long)(SeedSequence.Mix(_options.Seed, RandomUse.Dropout, step) >> 1));
        }

        using Tensor images = batch.Images.to(network.Options.Device);
        using Tensor labels = batch.Labels.to(network.Options.Device);
        using Tensor logits = network.Forward(images, NormPass.Training, _options.Dropout);
        using Tensor value = loss.Of(logits, labels);
        double number = WithScalar.ToDouble(value);
        ClassificationLoss.RequireFinite(number, step, _options.LearningRate);
        BackwardPass.Run(value, tensors);
        optimizer.Step(tensors, rate);
        return number;
    }

    private void WriteNetwork(CompactNetwork network, double? top1, long step)
    {
        var metadata = new Dictionary<string, string>();
        if (top1 is { } known)
        {
            metadata[ValidationTop1Key] = known.ToString("R", CultureInfo.InvariantCulture);
        }

        (string, Tensor)[] tensors = [.. network.Tensors.Select(tensor => (tensor.Name, tensor.Value))];
        ClassificationLoss.RequireFinite(tensors, step, _options.LearningRate);
        SafeTensorsFile.Write(_directory.BestCheckpoint, tensors, metadata);
    }

    private void Save(
        NetworkTensor[] tensors, SgdOptimizer optimizer, ExponentialMovingAverage? average, long step, double best, double lossSum, long lossSteps)
    {
        var all = new List<(string, Tensor)>(tensors.Select(tensor => (tensor.Name, tensor.Value)));
        all.AddRange(optimizer.State);
        all.AddRange(average?.Average.Tensors.Select(tensor => (AveragePrefix + tensor.Name, tensor.Value)) ?? []);
        ClassificationLoss.RequireFinite(all, step, _options.LearningRate);
        _last.Write(all, new Dictionary<string, string>
        {
            ["step"] = step.ToString(CultureInfo.InvariantCulture),
            ["best"] = best.ToString("R", CultureInfo.InvariantCulture),
            ["loss_sum"] = lossSum.ToString("R", CultureInfo.InvariantCulture),
            ["loss_steps"] = lossSteps.ToString(CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Takes up a training from its last checkpoint.</summary>
    /// <exception cref="InvalidInputException">The checkpoint is damaged or of another network.</exception>
    internal (long Step, double Best, double LossSum, long LossSteps) Resume(
        NetworkTensor[] tensors, SgdOptimizer optimizer, ExponentialMovingAverage? average)
    {
        (SafeTensorsFile file, string path) = _last.Read(_observer);
        file.CopyTo(tensors, path);
        optimizer.Restore(file, tensors);
        file.CopyTo(average?.Average.Tensors ?? [], path, AveragePrefix);

        string Text(string key) => file.Metadata.GetValueOrDefault(key) ?? "";
        return long.TryParse(Text("step"), CultureInfo.InvariantCulture, out long step) && step >= 0
            && double.TryParse(Text("best"), CultureInfo.InvariantCulture, out double best) && double.IsFinite(best)
            && double.TryParse(Text("loss_sum"), CultureInfo.InvariantCulture, out double lossSum) && double.IsFinite(lossSum)
            && long.TryParse(Text("loss_steps"), CultureInfo.InvariantCulture, out long lossSteps) && lossSteps >= 0 && lossSteps <= step
            ? (step, best, lossSum, lossSteps)
            : throw new InvalidInputException($"{_directory.LastCheckpoint} does not say how far the training is; remove it to train from the beginning");
    }
}
