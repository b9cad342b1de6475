using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The whole road and its parts: what the commands call, and what a program calls instead of them.</summary>
public static class ProxylessRun
{
    private const double SearchShareOfTime = 0.45;
    private const double SearchAloneShareOfTime = 0.95;

    /// <summary>From images to a measured model: profile, search, derive, train, export, evaluate, report.</summary>
    /// <param name="options">
    /// What to do. With <see cref="RunOptions.Resume"/> all is as the run began with, whose <c>config.yaml</c> is read, but for
    /// <see cref="RunOptions.Threads"/> and the folder in <see cref="RunOptions.Data"/>, which may have been moved: the images must be the same.
    /// </param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached; what was made is kept.</exception>
    /// <exception cref="InvalidInputException">Options or data cannot be used, and nothing was written.</exception>
    /// <exception cref="LimitNotMetException">
    /// No network of the space is within the limits, and nothing was written; or, later, none as measured, and the search is kept.
    /// </exception>
    /// <exception cref="TrainingDivergedException">A loss or a weight is no longer finite; what was made is kept.</exception>
    /// <exception cref="RunInterruptedException">It was stopped; go on with <see cref="RunOptions.Resume"/>.</exception>
    /// <exception cref="RunFailedException">The disk is full, or the images are gone; mend that and go on with <see cref="RunOptions.Resume"/>.</exception>
    public static RunResult Run(RunOptions options, IRunObserver observer, CancellationToken cancellationToken = default) =>
        RunBy(TimeProvider.System, options, observer, cancellationToken);

    /// <summary>The same by a clock of its own.</summary>
    internal static RunResult RunBy(
        TimeProvider time, RunOptions options, IRunObserver observer, CancellationToken cancellationToken) =>
        FromImages(OneTarget(options), observer, time, (data, directory, goal, clock, warnings) =>
        {
            SearchResult search = SearchStage.Run(
                data, directory, goal, SearchShareOfTime, clock, warnings, cancellationToken);
            Architecture architecture = ArchitectureFile.Read(directory.Architecture);
            TimeSpan? left = data.Options.Time - TimeSpan.FromSeconds(RunPlan.Read(directory).SearchSeconds);
            using CompactNetwork? start = TrainStage.Start(
                data, directory, directory, architecture, warnings, reason => warnings.Warning($"{reason}; it is trained from scratch"));
            TrainStage.Run(data, directory, start, architecture, left, clock, warnings, cancellationToken);
            try
            {
                ExportStage.Run(data, directory, architecture, directory.Model, warnings, cancellationToken);
                RunResult result = EvaluateStage.Finish(
                    data, directory, architecture, goal.Table, search, warnings, cancellationToken);
                ReportStage.Write(data, directory, architecture, goal.Table, result, warnings.Warnings);
                AtomicFile.WriteAllText(directory.Result, JsonSerializer.Serialize(result, JsonLines.Indented));
                return result;
            }
            finally
            {
                clock.Charge(directory, RunStage.Export);
            }
        }, cancellationToken);

    /// <summary>From images to <c>architecture.json</c>: profile, search, derive.</summary>
    /// <inheritdoc cref="Run"/>
    public static SearchResult Search(RunOptions options, IRunObserver observer, CancellationToken cancellationToken = default) =>
        FromImages(
            OneTarget(SearchAlone(options)),
            observer,
            TimeProvider.System,
            (data, directory, goal, clock, warnings) =>
                SearchStage.Run(data, directory, goal, SearchAloneShareOfTime, clock, warnings, cancellationToken),
            cancellationToken);

    /// <summary>
    /// One search for several machines: for <see cref="RunOptions.Target"/> and for each of <see cref="RunOptions.AlsoFor"/>. Each
    /// gets a run of its own in a folder within <see cref="RunOptions.Out"/>, to derive from and to train in.
    /// </summary>
    /// <returns>A result for each target, in their order; with a single target what <see cref="Search"/> gives.</returns>
    /// <inheritdoc cref="Run"/>
    public static IReadOnlyList<SearchResult> SearchAll(RunOptions options, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        var clock = new RunClock(TimeProvider.System);
        SearchAlone(options).ValidateForSearch();
        if (TargetLimit.ParseAll((options.Resume ? Resumed(options, RunToResume(options)) : options).AlsoFor).Count == 0)
        {
            return [Search(options, observer, cancellationToken)];
        }

        using RunLock held = RunDirectory.Claim(
            options.Out, options.Resume, options.Overwrite, observer, out RunDirectory directory);
        options = options.Resume ? GoneOnWith(options, directory) : options;
        IReadOnlyList<TargetLimit> others = TargetLimit.ParseAll(options.AlsoFor);

        var warnings = new WarningRecorder(observer);
        using RunData data = RunData.Open(options, warnings, cancellationToken);
        if (options.Resume)
        {
            RequireSameImages(data, directory);
        }

        // Each part is a run of its own as well, in which another job may train.
        using var locks = new RunLocks();
        List<SearchPart> parts = [];
        foreach (RunData one in others.Select(data.For).Prepend(data.For(null)))
        {
            var folder = new RunDirectory(Path.Combine(directory.Root, TargetLimit.FolderOf(one.Options.Target)));
            if (parts.Exists(part => part.Directory.Root == folder.Root))
            {
                throw new InvalidInputException($"two of the targets would share the folder '{folder.Root}'; name one of them otherwise (TargetFile.Add)");
            }

            locks.Acquire(folder.Root);
            parts.Add(new SearchPart(one, folder, SearchGoal.Find(one, options.Resume ? folder : null, warnings, cancellationToken)));
        }

        // What an old search found for a target is not to be taken for what this one finds.
        Begin(data, directory, parts[0].Goal, warnings, () => parts.ForEach(part => part.Directory.Empty()));
        parts.ForEach(part => BeginPart(part, warnings));
        return Resumable(
            directory,
            () => SearchStage.Run(directory, parts, SearchAloneShareOfTime, clock, warnings, cancellationToken),
            cancellationToken);
    }

    /// <summary>Another architecture from a finished search, at the limits of <paramref name="options"/>.</summary>
    /// <param name="source">The run whose search is finished.</param>
    /// <param name="options">That run's options with new limits; <see cref="RunOptions.Out"/> gets the architecture.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="InvalidInputException">The search is not finished, or the images are others; nothing was written.</exception>
    /// <exception cref="LimitNotMetException">No network that the search left is within the limits; nothing was written.</exception>
    public static SearchResult Derive(string source, RunOptions options, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var clock = new RunClock(TimeProvider.System);
        RunDirectory searched = RunDirectory.Open(source);
        SearchStage.RequireFinished(searched);
        using RunLock held = RunDirectory.Claim(
            options.Validate().Out, resume: false, options.Overwrite, observer, out RunDirectory directory);
        RequireAnother(directory, searched);
        RunPaths.RequireImages(options, source);
        var warnings = new WarningRecorder(observer);
        using RunData data = RunData.Open(options, warnings, cancellationToken);
        RequireSameImages(data, searched);
        SearchGoal goal = SearchGoal.Find(data, searched, warnings, cancellationToken);

        // Before anything is written, or anything of an earlier run removed.
        AgainDerived derived = SearchStage.DeriveAgain(data, searched, goal, warnings, cancellationToken);
        Begin(data, directory, goal, warnings);
        (RunPlan.Read(directory) with { Search = RunPlan.Read(searched).Search }).Write(directory);
        return SearchStage.Write(
            derived, data, searched, directory, goal, clock.Charge(directory, RunStage.Search).SearchSeconds);
    }

    /// <summary>Trains one architecture and exports it.</summary>
    /// <param name="options">Data and training. With <see cref="RunOptions.Resume"/> as in <see cref="Run"/>.</param>
    /// <param name="architecture">
    /// A name, a file, or the folder of a run whose search is finished: then without <see cref="RunOptions.Out"/> the training
    /// goes into that run, on its images, and <paramref name="options"/> replaces its <c>config.yaml</c>.
    /// </param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellationToken">Stops with a checkpoint.</param>
    /// <exception cref="InvalidInputException">Options, data or architecture cannot be used; nothing was written.</exception>
    /// <exception cref="TrainingDivergedException">A loss or a weight is no longer finite; the last checkpoint is from before.</exception>
    /// <exception cref="RunInterruptedException">It was stopped; go on with <see cref="RunOptions.Resume"/>.</exception>
    /// <exception cref="RunFailedException">The disk is full, or the images are gone; mend that and go on with <see cref="RunOptions.Resume"/>.</exception>
    public static TrainResult Train(RunOptions options, string architecture, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var clock = new RunClock(TimeProvider.System);
        options.Validate();
        RunDirectory? searched = Directory.Exists(architecture) ? RunDirectory.Open(architecture) : null;
        if (searched is not null)
        {
            SearchStage.RequireOneTarget(searched);
        }

        if (searched is not null && !File.Exists(searched.Architecture))
        {
            throw new InvalidInputException($"'{searched.Root}' has no architecture.json: its search is not finished; go on with ProxylessRun.Search(RunOptions.Resume, RunOptions.Out = '{searched.Root}')");
        }

        if (searched is null && options.Out is { } folder && RealPath.Same(new RunDirectory(folder).Architecture, architecture))
        {
            throw new InvalidInputException($"'{architecture}' is the network of the run in '{folder}'; train it there with ProxylessRun.Train(architecture) = {folder} and without RunOptions.Out");
        }

        if (options is { FromSupernet: true, Resume: false } && searched is null)
        {
            throw new InvalidInputException("RunOptions.FromSupernet needs the folder of the run that was searched as ProxylessRun.Train(architecture); leave the option out, or give that folder");
        }

        bool inPlace = searched is not null && (options.Out is null || RealPath.Same(options.Out, searched.Root));
        RunDirectory directory;
        using RunLock held = inPlace
            ? RunDirectory.Claim(searched!.Root, "", () => { }, observer, out directory)
            : RunDirectory.Claim(options.Out, options.Resume, options.Overwrite, observer, out directory);
        if (options.Resume)
        {
            options = GoneOnWith(options, directory);
        }
        else if (inPlace && !options.Overwrite && (File.Exists(directory.BestCheckpoint) || new CheckpointFile(directory.LastCheckpoint).Exists))
        {
            throw new InvalidInputException($"'{directory.Root}' was trained already; go on with RunOptions.Resume, train anew with RunOptions.Overwrite, or choose another RunOptions.Out");
        }

        if (searched is not null)
        {
            RunPaths.RequireImages(options, searched.Root);
        }

        Architecture network = ArchitectureFile.Open(options.Resume ? directory.Architecture : searched?.Architecture ?? architecture);
        var warnings = new WarningRecorder(observer);
        using RunData data = RunData.Open(options with { Resolution = options.Resolution ?? network.Resolution }, warnings, cancellationToken);
        Architecture sized = network.WithInput(data.Space.Resolution, data.Images.Channels, data.Classes);
        if (inPlace || options.Resume)
        {
            RequireSameImages(data, directory);
        }
        else if (options.FromSupernet)
        {
            // What would be test images now may be what the search's weights learnt on.
            RequireSameImages(data, searched!);
        }

        if (inPlace)
        {
            if (sized.Resolution != network.Resolution || sized.InputChannels != network.InputChannels)
            {
                throw new InvalidInputException($"'{directory.Root}' was searched at another RunOptions.Resolution or RunOptions.Channels; choose an RunOptions.Out to train its network at these");
            }
        }

        // Before anything of an earlier training is removed.
        using CompactNetwork? start = TrainStage.Start(data, directory, searched ?? directory, sized, warnings, reason => throw new InvalidInputException(
            $"{reason}; leave the option out to train from scratch, or search with RunOptions.PruneThreshold = 0"));
        BeginTraining(data, directory, sized, inPlace, warnings);
        return Resumable(directory, () =>
        {
            TrainResult result = TrainStage.Run(
                data, directory, start, sized, data.Options.Time, clock, warnings, cancellationToken);
            try
            {
                ExportStage.Run(data, directory, sized, directory.Model, warnings, cancellationToken);
            }
            finally
            {
                clock.Charge(directory, RunStage.Export);
            }

            return result;
        }, cancellationToken);
    }

    /// <summary>Exports the trained network of a run.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="file">Where to.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="InvalidInputException">There is no such run, it is not trained, or its images are not there or are others.</exception>
    public static ExportResult Export(string run, string file, IRunObserver observer, CancellationToken cancellationToken = default) =>
        Export(run, file, data: null, observer, cancellationToken);

    /// <summary>Exports the trained network of a run whose images may have been moved.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="file">Where to.</param>
    /// <param name="data">The folder of the run's images, which its <c>config.yaml</c> names from then on; null: as it names it.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="InvalidInputException">There is no such run, it is not trained, or its images are not there or are others.</exception>
    public static ExportResult Export(string run, string file, string? data, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        RunDirectory directory = RunDirectory.Open(run);
        if (!File.Exists(directory.BestCheckpoint))
        {
            throw new InvalidInputException($"'{run}' has no trained network; train it with ProxylessRun.Train(architecture: '{run}')");
        }

        RunOptions saved = RunConfigFile.Read(directory.Config);
        RunOptions options = data is null ? saved : saved with { Data = data };
        using RunLock? held = data is not null || RealPath.Same(Path.GetDirectoryName(Path.GetFullPath(file))!, run) ? RunLock.Acquire(run) : null;
        RunPaths.RequireImages(options, run);
        Architecture architecture = ArchitectureFile.Read(directory.Architecture);
        using RunData images = RunData.Open(options with { Resolution = architecture.Resolution }, observer, cancellationToken);
        RequireSameImages(images, directory);
        if (!RunPaths.SaySame(options, saved))
        {
            RunConfigFile.Write(directory.Config, RunPaths.Whole(options));
        }

        return ExportStage.Run(images, directory, architecture, file, observer, cancellationToken);
    }

    /// <summary>
    /// Judges a model file on labelled images and times it on the target. The images are those that it was not trained on: of a
    /// folder with a <c>test/</c> these, of the folder that it was trained on the slice it never saw, of any other folder all.
    /// Classes are known by their names; a folder may lack some of the model's.
    /// </summary>
    /// <param name="model">The ONNX file, or a run directory.</param>
    /// <param name="options">Data and target; how the images are divided is read from the model.</param>
    /// <param name="againstNetwork">Whether the network of the run directory is asked about the same images.</param>
    /// <param name="observer">Hears of progress and warnings.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static EvaluateResult Evaluate(
        string model, RunOptions options, bool againstNetwork, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (againstNetwork && !Directory.Exists(model))
        {
            throw new InvalidInputException($"ProxylessRun.Evaluate(againstNetwork) needs the run's folder in ProxylessRun.Evaluate(model), for '{model}' has no network beside it");
        }

        if (Directory.Exists(model) && RunConfigFile.Read(RunDirectory.Open(model).Config).Data == options.Data)
        {
            RunPaths.RequireImages(options, model);
        }

        RunDirectory? run = Directory.Exists(model) ? RunDirectory.Open(model) : null;
        return EvaluateStage.Run(ModelFile(model), againstNetwork ? run : null, run, options, observer, cancellationToken);
    }

    /// <summary>The likeliest classes of photos. One that cannot be read does not keep the others from their answers.</summary>
    /// <param name="model">The ONNX file, or a run directory.</param>
    /// <param name="images">Image files, and folders: of these all image files, also of folders within them, sorted by their names.</param>
    /// <param name="top">How many classes to name.</param>
    /// <param name="maxPixels">The most pixels, width times height, of an image that is read.</param>
    /// <param name="observer">Hears of progress where it takes more than two seconds.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <returns>For each file its classes, or a <see cref="Prediction.Error"/>; so too for a folder without images.</returns>
    /// <exception cref="InvalidInputException">There is no model, or it is none that Proxyless exported.</exception>
    public static IReadOnlyList<Prediction> Predict(
        string model, IReadOnlyList<string> images, int top, long maxPixels, IRunObserver observer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(observer);
        using OnnxClassifier classifier = EvaluateStage.Load(ModelFile(model), threads: 1);
        IReadOnlyList<(string Path, string? Error)> files = PhotoFiles.Of(images);
        var predictions = new List<Prediction>(files.Count);
        var progress = new Progress(observer, "predict", 0, files.Count, Progress.Unreported);
        foreach ((string path, string? error) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            predictions.Add(error is null
                ? PredictOne(classifier, path, top, maxPixels)
                : new Prediction(path, []) { Error = error });
            progress.Report(predictions.Count, "");
        }

        return predictions;
    }

    /// <inheritdoc cref="Predict(string, IReadOnlyList{string}, int, long, IRunObserver, CancellationToken)"/>
    public static IReadOnlyList<Prediction> Predict(string model, IReadOnlyList<string> images, int top, CancellationToken cancellationToken = default) =>
        Predict(model, images, top, DatasetOptions.DefaultMaxPixels, NullRunObserver.Instance, cancellationToken);

    private static Prediction PredictOne(OnnxClassifier classifier, string path, int top, long maxPixels)
    {
        try
        {
            return new Prediction(path, classifier.Classify(ImageFile.Read(path), path, top, maxPixels));
        }
        catch (UnreadableImageException exception)
        {
            return new Prediction(path, []) { Error = ImageFile.Refused(exception).Message };
        }
        catch (InvalidInputException exception)
        {
            return new Prediction(path, []) { Error = exception.Message };
        }
    }

    private static string ModelFile(string model)
    {
        string file = Directory.Exists(model) ? RunDirectory.Open(model).Model : model;
        return File.Exists(file)
            ? file
            : throw new InvalidInputException($"there is no model '{file}'; give an ONNX file that Proxyless exported, or a finished run");
    }

    private static RunOptions OneTarget(RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.AlsoFor is null ? options : throw new InvalidInputException("several targets are for ProxylessRun.SearchAll; each of its folders is then trained with ProxylessRun.Train(architecture: FOLDER)");
    }

    private static RunOptions SearchAlone(RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options is not { Time: not null, SearchEpochs: not null } ? options : throw new InvalidInputException(
            "RunOptions.Time has nothing to decide beside RunOptions.SearchEpochs where no training follows; leave one of them out");
    }

    private static T FromImages<T>(
        RunOptions options,
        IRunObserver observer,
        TimeProvider time,
        Func<RunData, RunDirectory, SearchGoal, RunClock, WarningRecorder, T> work,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var clock = new RunClock(time);
        using RunLock held = RunDirectory.Claim(
            options.ValidateForSearch().Out, options.Resume, options.Overwrite, observer, out RunDirectory directory);
        var warnings = new WarningRecorder(observer);
        if (options.Resume)
        {
            OneTarget(directory.ReadConfig());
            options = GoneOnWith(options, directory);
        }

        using RunData data = RunData.Open(options, warnings, cancellationToken);
        if (options.Resume)
        {
            RequireSameImages(data, directory);
            if (RunPlan.Read(directory).Search is null && File.Exists(directory.Architecture))
            {
                throw new InvalidInputException($"'{directory.Root}' is a training without a search; go on with ProxylessRun.Train(architecture: '{directory.Root}', RunOptions.Resume)");
            }
        }

        SearchGoal goal = SearchGoal.Find(data, options.Resume ? directory : null, warnings, cancellationToken);
        Begin(data, directory, goal, warnings);
        return Resumable(directory, () => work(data, directory, goal, clock, warnings), cancellationToken);
    }

    internal static T Resumable<T>(RunDirectory directory, Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException exception)
        {
            // A part of the work may have been stopped by a token of its own that follows the caller's.
            throw new RunInterruptedException(
                directory.Root,
                exception,
                cancellationToken.IsCancellationRequested ? cancellationToken : exception.CancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw RunFailedException.Of(directory.Root, exception);
        }
    }

    private static RunDirectory RunToResume(RunOptions options)
    {
        RunDirectory.Choose(options.Out, options.Resume, options.Overwrite);
        return new RunDirectory(options.Out!);
    }

    /// <summary>The options that a run began with, for going on with it; its images may have been moved to another folder.</summary>
    internal static RunOptions Resumed(RunOptions options, RunDirectory directory)
    {
        RunOptions saved = directory.ReadConfig();

        // A run from before there was erasing began without.
        RunOptions resumed = saved with
        {
            Data = RunPaths.IsFolder(options.Data) ? options.Data : saved.Data,
            Out = directory.Root,
            Resume = true,
            Threads = options.Threads ?? saved.Threads,
            CheckpointSeconds = options.CheckpointSeconds ?? saved.CheckpointSeconds,
            Erase = saved.Erase ?? 0,
        };
        RunPaths.RequireImages(resumed, directory.Root);
        return resumed;
    }

    /// <summary>
    /// The same under the folder's lock: what a job that was killed has left of the run before is removed.
    /// </summary>
    internal static RunOptions GoneOnWith(RunOptions options, RunDirectory directory)
    {
        RunOptions resumed = Resumed(options, directory);
        if (directory.IsBeginning)
        {
            IEnumerable<string> others = TargetLimit.ParseAll(resumed.AlsoFor).Select(other => other.Target);
            foreach (string target in others.Prepend(resumed.Target))
            {
                var part = new RunDirectory(Path.Combine(directory.Root, TargetLimit.FolderOf(target)));
                if (resumed.AlsoFor is not null && Directory.Exists(part.Root))
                {
                    using RunLock held = RunLock.Acquire(part.Root);
                    part.Empty();
                }
            }

            directory.FinishBeginning();
        }

        return resumed;
    }

    private static void Begin(
        RunData data, RunDirectory directory, SearchGoal goal, WarningRecorder warnings, Action? removeMore = null)
    {
        RunOptions options = data.Options with { Out = Path.GetFullPath(directory.Root), LatencyMs = goal.LatencyMs };
        if (data.Options.Resume)
        {
            RunConfigFile.Write(directory.Config, options);
        }
        else
        {
            directory.Begin(options, removeMore ?? (() => { }));
        }

        (RunPlan.Read(directory) with { DataFingerprint = data.Images.Fingerprint }).Write(directory);
        LatencyTableFile.Write(directory.Latency, goal.Table);
        warnings.WriteTo(directory);
    }

    private static void BeginPart(SearchPart part, WarningRecorder warnings)
    {
        // Its configuration comes when the search is finished: only then is it a run.
        LatencyTableFile.Write(part.Directory.Latency, part.Goal.Table);
        JsonLines.Write(part.Directory.Warnings, JsonLines.Read<string>(part.Directory.Warnings).Union(warnings.Warnings));
    }

    private static void BeginTraining(RunData data, RunDirectory directory, Architecture network, bool inPlace, WarningRecorder warnings)
    {
        RunOptions options = data.Options with { Out = Path.GetFullPath(directory.Root) };
        if (data.Options.Resume)
        {
            RunConfigFile.Write(directory.Config, options);
        }
        else if (inPlace)
        {
            directory.BeginTraining(options);
        }
        else
        {
            directory.Begin(options, () => { });
        }

        (RunPlan.Read(directory) with { DataFingerprint = data.Images.Fingerprint }).Write(directory);
        SearchStage.WriteArchitecture(directory, network);
        warnings.WriteTo(directory);
    }

    private static void RequireSameImages(RunData data, RunDirectory directory)
    {
        if (RunPlan.Read(directory).DataFingerprint is { } before && !data.Images.HasFingerprint(before))
        {
            throw new InvalidInputException(
                $"the images of '{data.Options.Data}' are not those that the run in '{directory.Root}' began with, or RunOptions.Seed, RunOptions.ValidationShare or RunOptions.TestShare divides them otherwise; restore that, name the folder where they are by RunOptions.Data, or start anew in another RunOptions.Out");
        }
    }

    private static void RequireAnother(RunDirectory directory, RunDirectory searched)
    {
        if (RealPath.Same(directory.Root, searched.Root))
        {
            throw new InvalidInputException($"RunOptions.Out = '{directory.Root}' is the searched run itself; choose another folder");
        }
    }
}
