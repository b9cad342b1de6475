using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Distributed;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Locking;
using Proxyless.Pretrained;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The whole pipeline and its steps: called by the commands, and by programs in place of the commands.
/// </summary>
public static class ProxylessRun
{
    /// <summary>From images to a measured model: profile, search, derive, train, export, evaluate, report.</summary>
    /// <param name="options">
    /// What to do. With <see cref="RunOptions.Resume"/> all options are read from the <c>config.yaml</c> of the run,
    /// except for <see cref="RunOptions.Threads"/> and the folder in <see cref="DataOptions.Path"/>, which may have
    /// been moved: the images must be the same.
    /// </param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached; completed work is kept.</exception>
    /// <exception cref="InvalidInputException">Options or data cannot be used, and nothing was written.</exception>
    /// <exception cref="LimitNotMetException">
    /// No network of the space is within the limits, and nothing was written; or, later, none is measured within them,
    /// and the search is kept.
    /// </exception>
    /// <exception cref="TrainingDivergedException">
    /// A loss or a weight is no longer finite; completed work is kept.
    /// </exception>
    /// <exception cref="RunInterruptedException">
    /// It was stopped; continue with <see cref="RunOptions.Resume"/>.
    /// </exception>
    /// <exception cref="RunFailedException">
    /// The disk is full, or the images or the run's folder are gone; fix that and continue with
    /// <see cref="RunOptions.Resume"/>.
    /// </exception>
    public static RunResult Run(
        RunOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    ) => RunBy(TimeProvider.System, options, observer ?? NullRunObserver.Instance, cancellationToken);

    /// <summary>The same for pretrained weights in a file (<see cref="TrainingOptions.Weights"/>).</summary>
    /// <param name="options">The options; or, with <see cref="RunOptions.Resume"/>, the run to resume.</param>
    /// <param name="architecture">
    /// The network of the weights: a name of <see cref="Pretrained.PretrainedModel.All"/>, an
    /// <c>architecture.json</c> or a <c>net.config</c>.
    /// </param>
    /// <param name="observer">Receives progress reports and warnings.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <inheritdoc cref="Run(RunOptions, IRunObserver?, CancellationToken)"/>
    public static RunResult Run(
        RunOptions options,
        string architecture,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(architecture);
        SearchJob.RequireOneLimit(options);
        return Specialize(options, architecture, observer, SearchJob.RequireOneLimit, cancellationToken).Networks[0];
    }

    /// <summary>The same with a separate clock.</summary>
    internal static RunResult RunBy(
        TimeProvider time,
        RunOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        SearchJob.RequireOneLimit(options);
        if (FineTuneOpening.IsRequested(options, options.Out))
        {
            return SpecializeJob
                .Run(options, null, time, observer, SearchJob.RequireOneLimit, cancellationToken)
                .Networks[0];
        }

        return SearchJob
            .Run(options, time, observer, SearchJob.RequireOneLimit, SearchJob.Whole, cancellationToken)
            .Networks[0];
    }

    /// <summary>
    /// The same for several limits, on one machine or on several, from one search, or from one pretrained network: for
    /// <see cref="TargetOptions.LatencyMs"/> and for each of <see cref="TargetOptions.AlsoFor"/>. Each gets its own run
    /// with a model, in a folder within <see cref="RunOptions.Out"/>; one that cannot be met does not stop the others.
    /// A single limit is handled as by <see cref="Run(RunOptions, IRunObserver?, CancellationToken)"/>.
    /// </summary>
    /// <returns>A result for each limit that has a network, and why others have none.</returns>
    /// <inheritdoc cref="Run(RunOptions, IRunObserver?, CancellationToken)"/>
    public static LimitResults<RunResult> RunAll(
        RunOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        observer ??= NullRunObserver.Instance;
        if (FineTuneOpening.IsRequested(options, options.Out))
        {
            return SpecializeJob.Run(options, null, TimeProvider.System, observer, _ => { }, cancellationToken);
        }

        return SearchJob.Run(options, TimeProvider.System, observer, _ => { }, SearchJob.Whole, cancellationToken);
    }

    /// <summary>The same for pretrained weights in a file (<see cref="TrainingOptions.Weights"/>).</summary>
    /// <returns>A result for each limit that has a network, and why others have none.</returns>
    /// <inheritdoc cref="Run(RunOptions, string, IRunObserver?, CancellationToken)"/>
    public static LimitResults<RunResult> RunAll(
        RunOptions options,
        string architecture,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(architecture);
        return Specialize(options, architecture, observer, _ => { }, cancellationToken);
    }

    /// <summary>From images to <c>architecture.json</c>: profile, search, derive.</summary>
    /// <inheritdoc cref="Run(RunOptions, IRunObserver?, CancellationToken)"/>
    public static SearchResult Search(
        RunOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        ArgumentNullException.ThrowIfNull(options);
        SearchJob.RequireSearchAlone(options);
        SearchJob.RequireOneLimit(options);
        return SearchJob
            .Run(options, TimeProvider.System, observer, SearchJob.RequireOneLimit, SearchJob.Search, cancellationToken)
            .Networks[0];
    }

    /// <summary>
    /// One search for several limits, on one machine or on several: for <see cref="TargetOptions.LatencyMs"/> and for
    /// each of <see cref="TargetOptions.AlsoFor"/>. Each gets its own run in a folder within
    /// <see cref="RunOptions.Out"/>, to derive from and to train in. A single limit is handled as by
    /// <see cref="Search"/>.
    /// </summary>
    /// <returns>A result for each limit that has a network, and why others have none.</returns>
    /// <inheritdoc cref="Run(RunOptions, IRunObserver?, CancellationToken)"/>
    public static LimitResults<SearchResult> SearchAll(
        RunOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        SearchJob.RequireSearchAlone(options);
        return SearchJob.Run(
            options,
            TimeProvider.System,
            observer ?? NullRunObserver.Instance,
            _ => { },
            SearchJob.Search,
            cancellationToken
        );
    }

    /// <summary>
    /// Derives another architecture from a finished search, at the limits of <paramref name="options"/>.
    /// </summary>
    /// <param name="source">The run whose search is finished.</param>
    /// <param name="options">
    /// That run's options with new limits; the architecture is written to <see cref="RunOptions.Out"/>.
    /// </param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops the job.</param>
    /// <exception cref="InvalidInputException">
    /// The search is not finished, or the images differ; nothing was written.
    /// </exception>
    /// <exception cref="LimitNotMetException">
    /// No network that the search left is within the limits; nothing was written.
    /// </exception>
    /// <exception cref="TargetUnavailableException">The target cannot be reached; nothing was written.</exception>
    public static SearchResult Derive(
        string source,
        RunOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        SearchJob.RequireOneLimit(options);
        return DeriveJob.Run(source, options, observer ?? NullRunObserver.Instance, cancellationToken).Networks[0];
    }

    /// <summary>
    /// The same for several limits: for <see cref="TargetOptions.LatencyMs"/> and for each of
    /// <see cref="TargetOptions.AlsoFor"/>, each in a folder within <see cref="RunOptions.Out"/>.
    /// </summary>
    /// <returns>A result for each limit that has a network, and why others have none.</returns>
    /// <inheritdoc cref="Derive"/>
    public static LimitResults<SearchResult> DeriveAll(
        string source,
        RunOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return DeriveJob.Run(source, options, observer ?? NullRunObserver.Instance, cancellationToken);
    }

    /// <summary>Trains one architecture and exports it.</summary>
    /// <param name="options">
    /// Data and training. <see cref="RunOptions.Resume"/> works as in
    /// <see cref="Run(RunOptions, IRunObserver?, CancellationToken)"/>.
    /// </param>
    /// <param name="architecture">
    /// With <see cref="TrainingOptions.Weights"/> their network: a name of <see cref="PretrainedModel.All"/>, or a
    /// file. Otherwise a name, a file, or the folder of a run whose search is finished: then without <see
    /// cref="RunOptions.Out"/> the network is trained in that run, on its images, and <paramref name="options"/>
    /// replaces its <c>config.yaml</c>.
    /// </param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <exception cref="InvalidInputException">
    /// Options, data or architecture cannot be used; nothing was written.
    /// </exception>
    /// <exception cref="TrainingDivergedException">
    /// A loss or a weight is no longer finite; the last checkpoint is from before.
    /// </exception>
    /// <exception cref="RunInterruptedException">
    /// It was stopped; continue with <see cref="RunOptions.Resume"/>.
    /// </exception>
    /// <exception cref="RunFailedException">
    /// The disk is full, or the images or the run's folder are gone; fix that and continue with
    /// <see cref="RunOptions.Resume"/>.
    /// </exception>
    public static TrainResult Train(
        RunOptions options,
        string architecture,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        ArgumentNullException.ThrowIfNull(options);
        var clock = new RunClock(TimeProvider.System);
        _ = options.Resume ? options.Validate() : options.ValidateForTraining();
        return FineTuneOpening.IsRequested(options, options.Out ?? architecture)
            ? FineTuneJob.Run(options, architecture, clock, observer, cancellationToken)
            : TrainJob.Run(options, architecture, clock, observer, cancellationToken);
    }

    /// <summary>
    /// Does this process's share of all steps that the leader of its group shares, until the leader leaves the group.
    /// </summary>
    /// <param name="group">The group, in a process that does not lead.</param>
    /// <exception cref="ProxylessException">
    /// This process cannot go on; once it leaves the group, all processes end.
    /// </exception>
    /// <exception cref="InvalidOperationException">This process leads.</exception>
    public static void Follow(ProcessGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (group.IsLeader)
        {
            throw new InvalidOperationException("the process that leads does the work, and the others follow");
        }

        FollowStage.Run(group);
    }

    /// <summary>Exports the trained network of a run.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="file">The file to write.</param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops the job.</param>
    /// <exception cref="InvalidInputException">
    /// There is no such run, it is not trained, or its images are missing or differ.
    /// </exception>
    public static ExportResult Export(
        string run,
        string file,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    ) => Export(run, file, data: null, observer ?? NullRunObserver.Instance, cancellationToken);

    /// <summary>Exports the trained network of a run whose images may have been moved.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="file">The file to write.</param>
    /// <param name="data">
    /// The folder of the run's images, which its <c>config.yaml</c> names from then on; null: the folder it names now.
    /// </param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops the job.</param>
    /// <exception cref="InvalidInputException">
    /// There is no such run, it is not trained, or its images are missing or differ.
    /// </exception>
    public static ExportResult Export(
        string run,
        string file,
        string? data,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        RunDirectory directory = RunDirectory.Open(run);
        RunParts.RequireOne(directory);
        if (!File.Exists(directory.BestCheckpoint))
        {
            throw new InvalidInputException(
                $"'{run}' has no trained network; train it with ProxylessRun.Train(architecture: '{run}')"
            );
        }

        RunOptions saved = RunConfigFile.Read(directory.Config);
        RunOptions options = data is null ? saved : saved with { Data = saved.Data with { Path = data } };
        using RunLock? held =
            data is not null || RealPath.Same(Path.GetDirectoryName(Path.GetFullPath(file))!, run)
                ? RunLock.Acquire(run)
                : null;
        RunContext context = TrainedRun.Open(directory, options, observer, cancellationToken);
        if (!RunPaths.SaySame(options, saved))
        {
            RunConfigFile.Write(directory.Config, RunPaths.Whole(options));
        }

        return ExportStage.Run(context, directory, ArchitectureFile.Read(directory.Architecture), file);
    }

    /// <summary>
    /// Makes a model of 8-bit integers of a model of floats, and compares the two: answers, latency on the target,
    /// size, and what each layer loses.
    /// </summary>
    /// <param name="options">The model, the photographs, and how.</param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops the job before the model is written.</param>
    /// <exception cref="InvalidInputException">
    /// There is no model, it is not one of floats that Proxyless exported, or there are no images for calibration;
    /// nothing was written.
    /// </exception>
    /// <exception cref="TargetUnavailableException">The target cannot be reached; nothing was written.</exception>
    public static QuantizeResult Quantize(
        QuantizeOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return QuantizeJob.Run(
            options,
            Existing(options.Model, run => run.Model),
            observer ?? NullRunObserver.Instance,
            cancellationToken
        );
    }

    /// <summary>
    /// Evaluates a model file on labeled images and times it on the target. Only images that it was not trained on are
    /// used: of a folder with a <c>test/</c> these, of the folder that it was trained on the slice it never saw, of any
    /// other folder its <c>val/</c> or, without one, all. Classes are matched by name; a folder may lack some of the
    /// model's.
    /// </summary>
    /// <param name="model">The ONNX file, or a run directory.</param>
    /// <param name="options">Data and target; the division of the images is read from the model.</param>
    /// <param name="againstNetwork">
    /// Whether the network of the run directory is evaluated on the same images too.
    /// </param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops the job.</param>
    /// <exception cref="InvalidInputException">The model, the images or an option cannot be used.</exception>
    /// <exception cref="TargetUnavailableException">The target cannot be reached; no image was evaluated.</exception>
    public static EvaluateResult Evaluate(
        string model,
        RunOptions options,
        bool againstNetwork,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    ) => Evaluate(model, options, againstNetwork, against: null, observer, cancellationToken);

    /// <summary>The same, and compared with another model, such as the one that it was quantized from.</summary>
    /// <param name="model">
    /// The ONNX file, or a run directory: its integer model for a target for integer models, else its model of floats.
    /// </param>
    /// <param name="options">Data and target; the division of the images is read from the model.</param>
    /// <param name="againstNetwork">
    /// Whether the network of the run directory is evaluated on the same images too.
    /// </param>
    /// <param name="against">The other model's ONNX file, or its run directory; null for none.</param>
    /// <param name="observer">
    /// Receives progress, messages and warnings; null for none. See <see cref="RunObserver"/>.
    /// </param>
    /// <param name="cancellationToken">Stops the job.</param>
    /// <exception cref="InvalidInputException">
    /// A model or the images cannot be used, or the models differ in classes or input.
    /// </exception>
    /// <exception cref="TargetUnavailableException">The target cannot be reached; no image was evaluated.</exception>
    public static EvaluateResult Evaluate(
        string model,
        RunOptions options,
        bool againstNetwork,
        string? against,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (againstNetwork && !Directory.Exists(model))
        {
            throw new InvalidInputException(
                $"ProxylessRun.Evaluate(againstNetwork) needs the run's folder in ProxylessRun.Evaluate(model), for "
                    + $"'{model}' has no network beside it"
            );
        }

        if (
            Directory.Exists(model)
            && RunConfigFile.Read(RunDirectory.Open(model).Config).Data.Path == options.Data.Path
        )
        {
            RunPaths.RequireImages(options, model);
        }

        RunDirectory? run = Directory.Exists(model) ? RunDirectory.Open(model) : null;
        string file = Existing(
            model,
            directory => IntegerModels.Is(options.Target.Name) ? IntegerModelOf(directory) : directory.Model
        );
        return EvaluateStage.Run(
            file,
            againstNetwork ? run : null,
            run,
            against is null ? null : OtherModel(file, against),
            options,
            observer,
            cancellationToken
        );
    }

    /// <summary>
    /// Returns the most probable classes of photos. One that cannot be read does not stop the others.
    /// </summary>
    /// <param name="model">The ONNX file, or a run directory.</param>
    /// <param name="images">
    /// Image files, and folders: all image files in them and in their subfolders, linked ones too, sorted by name.
    /// </param>
    /// <param name="top">Number of classes per photo.</param>
    /// <param name="maxPixels">The most pixels, width times height, of an image that is read.</param>
    /// <param name="observer">
    /// Receives progress reports if it takes more than two seconds, and is told of ignored files.
    /// </param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <returns>
    /// For each file its classes, or a <see cref="Prediction.Error"/>; the same for a folder without images.
    /// </returns>
    /// <exception cref="InvalidInputException">There is no model, or it is not one that Proxyless exported.</exception>
    public static IReadOnlyList<Prediction> Predict(
        string model,
        IReadOnlyList<string> images,
        int top,
        long maxPixels,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        ArgumentNullException.ThrowIfNull(images);
        return PredictStage.Run(ModelFile(model), images, top, maxPixels, observer, cancellationToken);
    }

    /// <inheritdoc cref="Predict(string, IReadOnlyList{string}, int, long, IRunObserver, CancellationToken)"/>
    public static IReadOnlyList<Prediction> Predict(
        string model,
        IReadOnlyList<string> images,
        int top,
        CancellationToken cancellationToken = default
    ) => Predict(model, images, top, DatasetOptions.DefaultMaxPixels, NullRunObserver.Instance, cancellationToken);

    private static string IntegerModelOf(RunDirectory run) =>
        File.Exists(run.IntegerModel)
            ? run.IntegerModel
            : throw new InvalidInputException(
                $"'{run.Root}' has no integer model; write it with ProxylessRun.Quantize(QuantizeOptions.Model = "
                    + $"'{run.Root}')"
            );

    /// <summary>The file of a model, or the model of a run that is used.</summary>
    private static string ModelFile(string model) =>
        Existing(
            model,
            run =>
                File.Exists(run.IntegerModel) && IntegerModels.Is(RunConfigFile.Read(run.Config).Target.Name)
                    ? run.IntegerModel
                    : run.Model
        );

    /// <summary>The file of a model that another one is compared with: of a run, the model of floats.</summary>
    private static string OtherModel(string file, string against)
    {
        string other = Existing(against, run => run.Model);
        return RealPath.Same(Path.GetFullPath(other), Path.GetFullPath(file))
            ? throw new InvalidInputException(
                $"ProxylessRun.Evaluate(against) = '{against}' is the model that is evaluated; give another one"
            )
            : other;
    }

    private static string Existing(string model, Func<RunDirectory, string> modelOf)
    {
        string file = model;
        if (Directory.Exists(model))
        {
            if (File.Exists(Path.Combine(model, WrittenFiles.ComparisonPlan)))
            {
                throw new InvalidInputException(
                    $"'{model}' holds a comparison, which has no model of its own; give the folder of a run"
                );
            }

            RunDirectory run = RunDirectory.Open(model);
            RunParts.RequireOne(run);
            file = modelOf(run);
        }

        if (!File.Exists(file))
        {
            throw new InvalidInputException(
                $"there is no model '{file}'; give an ONNX file that Proxyless exported, or a finished run"
            );
        }

        RequireReadable(file);
        return file;
    }

    /// <summary>Rejects a model that cannot be read, before any work.</summary>
    private static void RequireReadable(string file)
    {
        RegularFile.Require($"model '{file}'", file);
        try
        {
            // A file of ONNX ends there, and so does what is read at once. A link has another length than its file.
            using FileStream stream = File.OpenRead(file);
            long bytes = stream.Length;
            if (bytes > int.MaxValue)
            {
                throw new InvalidInputException(
                    Invariant($"model '{file}' has {bytes / 1e9:F1} GB, and the file of a model (ONNX) ends at 2 GB; ")
                        + "give another file"
                )
                {
                    File = file,
                };
            }

            _ = stream.ReadByte();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw InvalidInputException.Unreadable($"model '{file}'", file, exception);
        }
    }

    private static LimitResults<RunResult> Specialize(
        RunOptions options,
        string architecture,
        IRunObserver? observer,
        Action<RunOptions> require,
        CancellationToken cancellationToken
    ) =>
        FineTuneOpening.IsRequested(options, options.Out)
            ? SpecializeJob.Run(
                options,
                architecture,
                TimeProvider.System,
                observer ?? NullRunObserver.Instance,
                require,
                cancellationToken
            )
            : throw new InvalidInputException(
                "ProxylessRun.Run(architecture) is the network of TrainingOptions.Weights; give these too"
            );
}
