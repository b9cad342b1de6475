using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Latency;
using Proxyless.Locking;
using Proxyless.Quantization;
using Proxyless.Runtime;

namespace Proxyless.Runs;

/// <summary>Quantizes a model file or the model of a run.</summary>
internal static class QuantizeJob
{
    /// <summary>Quantizes a model.</summary>
    /// <param name="options">What, and how.</param>
    /// <param name="file">The file of the model of floats.</param>
    /// <param name="observer">Receives progress, messages and warnings.</param>
    /// <param name="cancellationToken">Stops before anything is written.</param>
    public static QuantizeResult Run(
        QuantizeOptions options,
        string file,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        RequireOptions(options, file);
        RunDirectory? run = Directory.Exists(options.Model) ? RunDirectory.Open(options.Model) : null;
        using RunLock? held =
            run is not null && RealPath.Same(Path.GetDirectoryName(Path.GetFullPath(options.Out))!, run.Root)
                ? RunLock.Acquire(run.Root)
                : null;

        // Before minutes of calibration: an integer model, one of another tool, layers that it does not have.
        var floats = FloatModel.Read(File.ReadAllBytes(file), file);
        IReadOnlySet<string>? kept = options.KeepFloat is { } names ? FloatLayers.Named(floats, names) : null;
        using ITarget target = TargetFile.Open(IntegerModels.Without(TargetOf(options, run)));
        if (options.Data is { } folder)
        {
            using OnnxClassifier model = EvaluateStage.Load(file, threads: 1);
            var photographs = QuantizeImages.Of(
                folder,
                model,
                options.CalibrationImages,
                options.MaxPixels,
                observer,
                cancellationToken
            );
            return QuantizeStage.Run(
                options,
                floats,
                kept,
                photographs,
                target,
                ThreadCount.Of(null),
                observer,
                cancellationToken
            );
        }

        RunOptions begun = RunConfigFile.Read(run!.Config);

        // Other images than the run's would be no substitute: they have no division and no labels.
        RunPaths.RequireImages(
            begun,
            run.Root,
            $"if they were moved, name their folder with ProxylessRun.Export(run: '{run.Root}', data: 'DIR') first; "
                + "QuantizeOptions.Data takes any photographs, for calibration alone"
        );
        RunContext context = TrainedRun.Open(run, begun, observer, cancellationToken);
        return QuantizeStage.Run(
            options,
            floats,
            kept,
            QuantizeImages.Of(context, options.CalibrationImages),
            target,
            context.Threads,
            observer,
            cancellationToken
        );
    }

    /// <summary>
    /// After a training: writes the integer model too if the run's target is one for integer models.
    /// </summary>
    /// <param name="result">The training, with its model of floats.</param>
    /// <param name="context">The run's context.</param>
    /// <param name="directory">The run.</param>
    /// <returns>The result, with the model to use.</returns>
    public static TrainResult After(TrainResult result, RunContext context, RunDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(context);
        string target = context.Options.Target.Name;
        if (!IntegerModels.Is(target))
        {
            return result;
        }

        QuantizeResult integers = OfRun(context, directory, target);
        return result with { Model = integers.Model, Integers = integers };
    }

    /// <summary>
    /// The result of the integer model that a finished run has: made again, it could keep other layers in float, whose
    /// times are nearly equal.
    /// </summary>
    /// <param name="store">The run.</param>
    /// <returns>
    /// The result with the present paths; null if the run is not finished, or its file is another one.
    /// </returns>
    public static QuantizeResult? MadeOf(RunStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        RunDirectory directory = store.Directory;
        return
            store.ReadResult()?.Integers is { Bytes: > 0 } made
            && RegularFile.LengthOf(directory.IntegerModel) == made.Bytes
            ? made with
            {
                Model = directory.IntegerModel,
                FloatModel = directory.Model,
            }
            : null;
    }

    /// <summary>Writes the integer model of a run whose target is one for integer models.</summary>
    /// <param name="context">The run's context.</param>
    /// <param name="directory">The run, with its model of floats.</param>
    /// <param name="target">The name of the run's target.</param>
    public static QuantizeResult OfRun(RunContext context, RunDirectory directory, string target)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(target);
        var options = new QuantizeOptions { Model = directory.Root, Out = directory.IntegerModel };
        using ITarget forFloats = TargetFile.Open(IntegerModels.Without(target));
        return QuantizeStage.Run(
            options,
            FloatModel.Read(File.ReadAllBytes(directory.Model), directory.Model),
            kept: null,
            QuantizeImages.Of(context, options.CalibrationImages),
            forFloats,
            context.Threads,
            context.Observer,
            context.CancellationToken
        );
    }

    private static string TargetOf(QuantizeOptions options, RunDirectory? run) =>
        options.Target ?? (run is null ? new TargetOptions() : RunConfigFile.Read(run.Config).Target).Name;

    private static void RequireOptions(QuantizeOptions options, string file)
    {
        if (!QuantizeOptions.CalibrationRange.Contains(options.CalibrationImages))
        {
            throw new InvalidInputException(
                $"QuantizeOptions.CalibrationImages = {options.CalibrationImages}; allowed are "
                    + $"{QuantizeOptions.CalibrationRange}"
            );
        }

        if (
            options.WeightBits
            is { } bits
                and not (QuantizationSettings.Bits or QuantizationSettings.BitsWhereSaturated)
        )
        {
            throw new InvalidInputException(
                $"QuantizeOptions.WeightBits = {bits}; allowed are {QuantizationSettings.BitsWhereSaturated} and "
                    + $"{QuantizationSettings.Bits}"
            );
        }

        if (options.QatEpochs is { } epochs && !QuantizeOptions.QatRange.Contains(epochs))
        {
            throw new InvalidInputException(
                Invariant($"QuantizeOptions.QatEpochs = {epochs}; allowed are {QuantizeOptions.QatRange}")
            );
        }

        if (options is { QatEpochs: > 0, Data: not null })
        {
            throw new InvalidInputException(
                "QuantizeOptions.QatEpochs trains on the images of a run, and QuantizeOptions.Data replaces them; "
                    + "leave one of the two out"
            );
        }

        if (options.Data is null && !Directory.Exists(options.Model))
        {
            throw new InvalidInputException(
                $"'{options.Model}' is a model file, without images of its own; give a folder of photographs with "
                    + "QuantizeOptions.Data"
            );
        }

        if (RealPath.Same(Path.GetFullPath(options.Out), Path.GetFullPath(file)))
        {
            throw new InvalidInputException(
                $"QuantizeOptions.Out = '{options.Out}' is the model of floats itself; give another file"
            );
        }
    }
}
