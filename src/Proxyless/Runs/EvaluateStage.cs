using System.Numerics.Tensors;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Quantization;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>Evaluates a model file: the test set with ONNX Runtime, and the latency on the target.</summary>
internal static class EvaluateStage
{
    /// <summary>The end of a run: test set, and measured latency against the limit.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="store">The run; its model is evaluated as stored.</param>
    /// <param name="goal">The target and its table.</param>
    /// <param name="derived">The network that the search found.</param>
    public static EvaluatedRun Finish(RunContext context, RunStore store, SearchGoal goal, DerivedNetwork derived)
    {
        RunDirectory directory = store.Directory;
        QuantizeResult? integers = goal.Target is IModelTimer { TimesIntegers: true }
            ? QuantizeJob.MadeOf(store) ?? QuantizeJob.OfRun(context, directory, goal.Target.Name)
            : null;
        string model = integers?.Model ?? directory.Model;
        Judgment judged = JudgeTest(context, directory, model);
        var latency = NetworkLatency.Measure(
            goal.Target,
            derived.Architecture,
            File.ReadAllBytes(model),
            context.Space,
            context.Classes,
            goal.Table,
            context.CancellationToken
        );
        latency.WarnIfDisturbed(context.Observer);
        ArchitectureCost cost = ArchitectureCost.Of(derived.Architecture);
        var result = new RunResult
        {
            Run = directory.Root,
            Architecture = directory.Architecture,
            Model = model,
            Integers = integers,
            Report = directory.Report,
            Top1 = judged.Accuracy.Top1,
            Top5 = judged.Accuracy.Top5,
            Top1Interval = AccuracyInterval.Wilson(judged.Accuracy.Top1, judged.Accuracy.Images),
            CalibrationError = CalibrationCurve.Of(judged.InOrder).Error,
            LatencyMs = latency.QuietMs,
            QuietLatencyMs = latency.IsMeasured ? latency.QuietMs : null,
            MedianLatencyMs = latency.IsMeasured ? latency.MedianMs : null,
            LatencyP90Ms = latency.IsMeasured ? latency.P90Ms : null,
            LatencyIsMeasured = latency.IsMeasured,
            LatencyLimitMs = derived.Result.LatencyLimitMs,
            PredictedLatencyMs = derived.Result.PredictedLatencyMs,
            Parameters = cost.Parameters,
            MultiplyAdds = cost.MultiplyAdds,
            SearchSeconds = derived.Result.Seconds,
            TrainSeconds = store.Plan.TrainSeconds,
        };
        return new EvaluatedRun(model, judged)
        {
            Integers = integers,
            Result = result,
            Target = goal.Target,
        };
    }

    /// <summary>The answers of a run's model on the test images, which it also writes into the run.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="directory">The run.</param>
    /// <param name="model">The model's file.</param>
    public static Judgment JudgeTest(RunContext context, RunDirectory directory, string model)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Judgment judged = JudgeTest(context, model);
        JsonLines.Write(directory.Answers, judged.InOrder);
        return judged;
    }

    /// <summary>The answers of a model on the test images of a run.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="model">The model's file.</param>
    public static Judgment JudgeTest(RunContext context, string model)
    {
        ArgumentNullException.ThrowIfNull(context);
        ImageSet images = context.Images.Test;
        using BatchLoader test = context.Loaders.Model(images);
        return Judge(model, null, test, images, context.Threads, context.Observer, context.CancellationToken);
    }

    /// <summary>A single model, on labeled images that it was not trained on.</summary>
    /// <param name="file">The model.</param>
    /// <param name="network">The run whose network is evaluated too, or null.</param>
    /// <param name="run">The run of the model, or null: its latency table has a reference to measure beside.</param>
    /// <param name="against">Another model of the same classes and input, whose answers are compared, or null.</param>
    /// <param name="options">Data and target.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="InvalidInputException">
    /// A file is not a model that Proxyless exported, or the models differ in classes or input; or the target cannot be
    /// used.
    /// </exception>
    /// <exception cref="TargetUnavailableException">The target cannot be reached; no image was evaluated.</exception>
    public static EvaluateResult Run(
        string file,
        RunDirectory? network,
        RunDirectory? run,
        string? against,
        RunOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        using OnnxClassifier model = Load(file, threads: 1);
        if (against is not null)
        {
            RequireAlike(model, file, against);
        }

        ModelImages trained = ModelImages.Of(model);
        options = trained.DividedAlike(options);
        options = options with { Data = options.Data with { Channels = model.Channels } };
        using ITarget target = TargetFile.Open(options.Target.Name);
        int threads = RunProcess.Prepare(options, observer);
        Device device = ComputeDevice.Parse(network is null ? ComputeDevice.Cpu : options.Device);
        ImageSet unseen = trained.UnseenOf(
            RunContext.DatasetOptionsOf(options),
            model.Classes,
            model.ClassIdentifiers,
            observer,
            cancellationToken
        );
        if (
            target is IModelTimer { TimesIntegers: true }
            && model.Metadata.GetValueOrDefault(ModelQuantizer.PrecisionKey) != ModelQuantizer.Precision
        )
        {
            observer.Warning(
                $"'{file}' is a model of floats, and target '{target.Name}' times integer models: the accuracy is that "
                    + "of floats, the latency that of integers; make the integer model with ProxylessRun.Quantize"
            );
        }

        // Before the images, which may take hours: a target that cannot be used loses nothing.
        NetworkLatency? latency = ModelLatency.Of(file, model.Classes.Count, run, target, observer, cancellationToken);
        using BatchLoader plain = RunLoaders.InOrder(
            unseen,
            Transforms.ForModel(model.Preprocessing),
            trained.Small,
            threads,
            BatchPart.Whole
        );
        Judgment judged = Judge(file, against, plain, unseen, threads, observer, cancellationToken);
        using BatchLoader normalized = RunLoaders.InOrder(
            unseen,
            NormalizedFor(network, model.Preprocessing),
            trained.Small,
            threads,
            BatchPart.Whole
        );
        double? agreement = network is null
            ? null
            : Agreement(network, judged.Answers, normalized, options, device, observer, cancellationToken);
        return new EvaluateResult
        {
            Top1 = judged.Accuracy.Top1,
            Top5 = judged.Accuracy.Top5,
            Images = judged.Accuracy.Images,
            Top1Interval = AccuracyInterval.Wilson(judged.Accuracy.Top1, judged.Accuracy.Images),
            CalibrationError = CalibrationCurve.Of(judged.InOrder).Error,
            NetworkAgreement = agreement,
            ModelAgreement = judged.Against?.Agreement,
            ScoreError = judged.Against?.Error,
            LatencyMs = latency?.MedianMs,
            QuietLatencyMs = latency?.QuietMs,
            MedianLatencyMs = latency?.MedianMs,
            LatencyP90Ms = latency?.P90Ms,
            Classes = model.Classes,
            Confusion = judged.Confusion,
        };
    }

    private static Transforms NormalizedFor(RunDirectory? network, PreprocessingRecipe recipe)
    {
        var transforms = Transforms.ForEvaluation(recipe);
        return
            network is not null
            && TrainedRun.InputOf(network.ReadConfig(), ArchitectureFile.Read(network.Architecture)) is { } input
            ? transforms with
            {
                Mean = [.. input.Mean],
                Std = [.. input.Deviation],
            }
            : transforms;
    }

    private static double Agreement(
        RunDirectory directory,
        IReadOnlyDictionary<int, ImageAnswer> answers,
        BatchLoader batches,
        RunOptions options,
        Device device,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        Architecture architecture = ArchitectureFile.Read(directory.Architecture);
        using var network = new CompactNetwork(
            architecture,
            new NetworkOptions
            {
                Device = device,
                Kernels = options.Kernels,
                Seed = options.Seed,
            }
        );
        SafeTensorsFile.Read(directory.BestCheckpoint).CopyTo(network.Tensors, directory.BestCheckpoint);
        int same = 0;
        int asked = 0;
        var progress = new Progress(observer, "compare with the network", 0, answers.Count, Progress.Unreported);
        foreach ((int position, float[] scores) in NetworkEvaluator.Scores(network, batches, cancellationToken))
        {
            // An image that could not be read earlier has no answer to compare with.
            if (answers.TryGetValue(position, out ImageAnswer? answer))
            {
                progress.Report(++asked, "images");
                same += TensorPrimitives.IndexOfMax(scores) == answer.Answer ? 1 : 0;
            }
        }

        return (double)same / Math.Max(1, asked);
    }

    /// <summary>Loads a model that Proxyless exported.</summary>
    /// <exception cref="InvalidInputException">It is not such a file.</exception>
    public static OnnxClassifier Load(string file, int threads)
    {
        try
        {
            return OnnxClassifier.Load(file, threads);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidInputException(exception.Message, exception);
        }
    }

    private static void RequireAlike(OnnxClassifier model, string file, string against)
    {
        using OnnxClassifier other = Load(against, threads: 1);
        if (!model.Classes.SequenceEqual(other.Classes) || model.Preprocessing.ToJson() != other.Preprocessing.ToJson())
        {
            throw new InvalidInputException(
                $"'{against}' ({other.Classes.Count} classes, input {other.Preprocessing.Description}) cannot be "
                    + $"compared with '{file}' ({model.Classes.Count} classes, input "
                    + $"{model.Preprocessing.Description}): give models of the same classes and input"
            );
        }
    }

    /// <summary>Returns a model's answers on labeled images.</summary>
    /// <param name="file">The model.</param>
    /// <param name="against">Another model, whose answers are compared, or null.</param>
    /// <param name="batches">The images in order, as the model takes them.</param>
    /// <param name="images">The set of the images.</param>
    /// <param name="threads">Threads that run the model.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="InvalidInputException">The scores of a model are not finite.</exception>
    public static Judgment Judge(
        string file,
        string? against,
        BatchLoader batches,
        ImageSet images,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        using OnnxClassifier model = Load(file, threads);
        using OnnxClassifier? other = against is null ? null : Load(against, threads);
        AnswerComparison? comparison = other is null ? null : new AnswerComparison();
        int classes = model.Classes.Count;
        var accuracy = new TopAccuracy();
        var answers = new Dictionary<int, ImageAnswer>(images.Count);
        var progress = new Progress(observer, "evaluate", 0, images.Count);
        foreach (Batch batch in batches.Epoch(0, 0, cancellationToken))
        {
            using (batch)
            {
                long[] labels = batch.Labels.data<long>().ToArray();
                float[] input = ModelInput.Of(batch);
                float[] scores = Scores(model, file, input, batch.Count);
                float[]? expected = other is null ? null : Scores(other, against!, input, batch.Count);
                for (int i = 0; i < labels.Length; i++)
                {
                    ReadOnlySpan<float> own = scores.AsSpan(i * classes, classes);
                    comparison?.Add(expected.AsSpan(i * classes, classes), own, (int)labels[i]);
                    accuracy.Add(own, (int)labels[i]);
                    var answer = ImageAnswer.Of(images.Name(batch.Positions[i]), (int)labels[i], own);
                    answers.Add(batch.Positions[i], answer);
                }
            }

            progress.Report(accuracy.Images, Invariant($"top-1 {accuracy.Top1:P2}"));
        }

        return new Judgment(accuracy, ImageAnswer.Confusion(answers.Values, classes), answers, comparison);
    }

    /// <summary>The scores of a model whose numbers are all finite.</summary>
    private static float[] Scores(OnnxClassifier model, string file, float[] input, int count)
    {
        try
        {
            return model.Scores(input, count);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidInputException(exception.Message, exception) { File = file };
        }
    }

    /// <summary>
    /// Accuracy, answers by the image's number in the set, how often each class (row) was classified as each (column),
    /// and the comparison with another model.
    /// </summary>
    internal sealed record Judgment(
        TopAccuracy Accuracy,
        int[][] Confusion,
        IReadOnlyDictionary<int, ImageAnswer> Answers,
        AnswerComparison? Against
    )
    {
        /// <summary>The answers in the order of the images.</summary>
        public IEnumerable<ImageAnswer> InOrder => Answers.OrderBy(answer => answer.Key).Select(answer => answer.Value);
    }
}
