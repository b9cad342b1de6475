using System.Diagnostics;
using System.Numerics.Tensors;
using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Measurement;

namespace Proxyless;

/// <summary>The whole road and its parts: what the commands call, and what a program calls instead of them.</summary>
public static class ProxylessRun
{
    /// <summary>From images to a measured model: profile, search, derive, train, export, evaluate, report.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellation">Stops with a checkpoint.</param>
    /// <exception cref="InvalidInputException">Options or data cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; go on with <see cref="RunOptions.Resume"/>.</exception>
    public static RunResult Run(RunOptions options, IRunObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        RunDirectory directory = RunDirectory.Prepare(options.Validate().Out, options.Resume, options.Overwrite);
        var warnings = new WarningRecorder(observer);
        RunData data = Begin(options, directory, warnings, cancellation);
        long start = Stopwatch.GetTimestamp();
        SearchResult search = SearchStage.Run(data, directory, warnings, cancellation);
        Architecture architecture = ArchitectureFile.Read(directory.Architecture);
        TimeSpan? left = options.Time - Stopwatch.GetElapsedTime(start);
        TrainStage.Run(data, directory, directory, architecture, left, warnings, cancellation);
        ExportStage.Run(data, directory, architecture, directory.Model, warnings, cancellation);
        RunResult result = EvaluateStage.Finish(data, directory, architecture, search, warnings, cancellation);
        ReportStage.Write(data, directory, architecture, result, warnings.Warnings);
        AtomicFile.WriteAllText(directory.Result, JsonSerializer.Serialize(result, JsonLines.Indented));
        return result;
    }

    /// <summary>From images to <c>architecture.json</c>: profile, search, derive.</summary>
    public static SearchResult Search(RunOptions options, IRunObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        RunDirectory directory = RunDirectory.Prepare(options.Validate().Out, options.Resume, options.Overwrite);
        RunData data = Begin(options, directory, observer, cancellation);
        return SearchStage.Run(data, directory, observer, cancellation);
    }

    /// <summary>Another architecture from a finished search, at the limits of <paramref name="options"/>.</summary>
    /// <param name="source">The run whose search is finished.</param>
    /// <param name="options">That run's options with new limits; <see cref="RunOptions.Out"/> gets the architecture.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellation">Stops.</param>
    public static SearchResult Derive(string source, RunOptions options, IRunObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        RunDirectory searched = RunDirectory.Open(source);
        RunDirectory directory = RunDirectory.Prepare(options.Validate().Out, resume: false, options.Overwrite);
        RunData data = Begin(options, directory, observer, cancellation);
        return SearchStage.DeriveAgain(data, searched, directory, observer, cancellation);
    }

    /// <summary>Trains one architecture and exports it.</summary>
    /// <param name="options">Data and training.</param>
    /// <param name="architecture">
    /// A name, a file, or the folder of a run whose search is finished: then without <see cref="RunOptions.Out"/> the training
    /// goes into that run.
    /// </param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellation">Stops with a checkpoint.</param>
    public static TrainResult Train(RunOptions options, string architecture, IRunObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        RunDirectory? searched = Directory.Exists(architecture) ? RunDirectory.Open(architecture) : null;
        if (searched is not null && !File.Exists(searched.Architecture))
        {
            throw new InvalidInputException($"'{searched.Root}' has no architecture.json: its search is not finished; go on with 'proxyless search --resume --out {searched.Root}'");
        }

        bool inPlace = searched is not null && options.Out is null;
        RunDirectory directory = inPlace ? searched! : RunDirectory.Prepare(options.Out, options.Resume, options.Overwrite);
        if (inPlace)
        {
            BeginTrainingAnew(directory, options);
        }

        Architecture network = options.Resume ? ArchitectureFile.Read(directory.Architecture) : ArchitectureFile.Open(searched?.Architecture ?? architecture);
        RunData data = inPlace ? RunData.Open(options, observer, cancellation) : Begin(options, directory, observer, cancellation);
        network = network.WithInput(options.Resolution ?? network.Resolution, data.Images.Channels, data.Classes);
        if (!inPlace)
        {
            SearchStage.WriteArchitecture(directory, network);
        }

        data = data.ForArchitecture(network);
        TrainResult result = TrainStage.Run(data, directory, searched ?? directory, network, options.Time, observer, cancellation);
        ExportStage.Run(data, directory, network, directory.Model, observer, cancellation);
        return result;
    }

    /// <summary>Exports the trained network of a run.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="file">Where to.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellation">Stops.</param>
    public static ExportResult Export(string run, string file, IRunObserver observer, CancellationToken cancellation = default)
    {
        RunDirectory directory = RunDirectory.Open(run);
        if (!File.Exists(directory.BestCheckpoint))
        {
            throw new InvalidInputException($"'{run}' has no trained network; train it with 'proxyless train --arch {run}'");
        }

        Architecture architecture = ArchitectureFile.Read(directory.Architecture);
        RunData data = RunData.Open(RunConfigFile.Read(directory.Config), observer, cancellation).ForArchitecture(architecture);
        return ExportStage.Run(data, directory, architecture, file, observer, cancellation);
    }

    /// <summary>Judges a model file on a labelled folder's test images and times it on the target.</summary>
    /// <param name="model">The ONNX file, or a run directory.</param>
    /// <param name="options">Data and target.</param>
    /// <param name="againstNetwork">Whether the network of the run directory is asked about the same images.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellation">Stops.</param>
    public static EvaluateResult Evaluate(
        string model, RunOptions options, bool againstNetwork, IRunObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (againstNetwork && !Directory.Exists(model))
        {
            throw new InvalidInputException($"--against-network needs the run's folder in --model, for '{model}' has no network beside it");
        }

        return EvaluateStage.Run(ModelFile(model), againstNetwork ? RunDirectory.Open(model) : null, options, observer, cancellation);
    }

    /// <summary>The likeliest classes of photos.</summary>
    /// <param name="model">The ONNX file, or a run directory.</param>
    /// <param name="images">Image files.</param>
    /// <param name="top">How many classes to name.</param>
    /// <param name="cancellation">Stops between two images.</param>
    public static IReadOnlyList<Prediction> Predict(string model, IReadOnlyList<string> images, int top, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        using OnnxClassifier classifier = EvaluateStage.Load(ModelFile(model), threads: 1);
        Transforms transforms = Transforms.ForEvaluation(classifier.Resolution, ExportStage.HasSmallImages(classifier), classifier.Channels);
        var predictions = new List<Prediction>(images.Count);
        foreach (string image in images)
        {
            cancellation.ThrowIfCancellationRequested();
            float[] scores = classifier.Run(transforms.ToModelInput(ImageDecoder.Decode(image, classifier.Channels)), 1);
            TensorPrimitives.SoftMax(scores, scores);
            predictions.Add(new Prediction(
                image,
                [.. scores.Zip(classifier.Classes, (share, name) => new ClassProbability(name, share)).OrderByDescending(one => one.Probability).Take(top)]));
        }

        return predictions;
    }

    private static string ModelFile(string model)
    {
        string file = Directory.Exists(model) ? RunDirectory.Open(model).Model : model;
        return File.Exists(file)
            ? file
            : throw new InvalidInputException($"there is no model '{file}'; give an ONNX file that Proxyless exported, or a finished run");
    }

    private static void BeginTrainingAnew(RunDirectory directory, RunOptions options)
    {
        if (options.Resume || !File.Exists(directory.BestCheckpoint))
        {
            return;
        }

        if (!options.Overwrite)
        {
            throw new InvalidInputException($"'{directory.Root}' was trained already; go on with --resume, train anew with --overwrite, or choose another --out");
        }

        File.Delete(directory.BestCheckpoint);
        File.Delete(directory.LastCheckpoint);
        (RunPlan.Read(directory) with { TrainSteps = null, TrainSeconds = 0 }).Write(directory);
    }

    private static RunData Begin(RunOptions options, RunDirectory directory, IRunObserver observer, CancellationToken cancellation)
    {
        RunData data = RunData.Open(options, observer, cancellation);
        RunPlan plan = RunPlan.Read(directory);
        if (plan.DataFingerprint is { } before && before != data.Images.Fingerprint)
        {
            throw new InvalidInputException(
                $"--resume: the images of '{options.Data}' are not those that the run in '{directory.Root}' began with; restore them or start anew with --overwrite");
        }

        RunConfigFile.Write(directory.Config, data.Options with { Out = directory.Root });
        (plan with { DataFingerprint = data.Images.Fingerprint }).Write(directory);
        return data;
    }
}
