using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Networks;
using Proxyless.TensorBoard;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The files of one run.</summary>
/// <param name="path">The folder.</param>
public sealed class RunDirectory(string path) : ITrainingStore
{
    /// <summary>The folder.</summary>
    public string Root { get; } = path;

    /// <summary>All options as resolved.</summary>
    public string Config => File(WrittenFiles.RunConfig);

    /// <summary>Step counts, fixed once so that a resumed run repeats them.</summary>
    public string Plan => File(WrittenFiles.RunPlan);

    /// <summary>The warnings that the user received.</summary>
    public string Warnings => File("warnings.jsonl");

    /// <summary>What the job in the folder is doing, written every few seconds.</summary>
    public string Progress => File("progress.json");

    /// <summary>The latency table.</summary>
    public string Latency => File("latency.json");

    /// <summary>With pretrained weights: the network that spans the space of the latency table.</summary>
    public string Spanning => File("spanning.json");

    /// <summary>One line per epoch of the search.</summary>
    public string SearchLog => File("search.jsonl");

    /// <summary>One line per network that was scored with the shared weights of the search.</summary>
    public string Scores => File("scores.jsonl");

    /// <summary>The result of the search.</summary>
    public string SearchResult => File("search.json");

    /// <summary>The derived architecture.</summary>
    public string Architecture => File("architecture.json");

    /// <summary>Its picture.</summary>
    public string Picture => File("architecture.svg");

    /// <summary>The picture of the accuracy at other latencies.</summary>
    public string FrontPicture => File("front.svg");

    /// <summary>One line per epoch of the training.</summary>
    public string TrainingLog => File("training.jsonl");

    /// <summary>The model.</summary>
    public string Model => File("model.onnx");

    /// <summary>The model of 8-bit integers; the one to use if the run's target is one for integer models.</summary>
    public string IntegerModel => File("model-int8.onnx");

    /// <summary>The classes, one per line, in the order of the model's outputs.</summary>
    public string Labels => File("labels.txt");

    /// <summary>
    /// One line per test image: its label, the model's answer, and how probable the model found both.
    /// </summary>
    public string Answers => File("answers.jsonl");

    /// <summary>
    /// With pretrained weights and few images: the same for each training image, by networks that were trained without
    /// it.
    /// </summary>
    public string CrossValidated => File("cross-validated.jsonl");

    /// <summary>The answers of the folds that are finished.</summary>
    public string Folds => File("folds.jsonl");

    /// <summary>The folder of TensorBoard's events of the search.</summary>
    public string SearchEvents => File("tensorboard", "search");

    /// <summary>The folder of TensorBoard's events of the training.</summary>
    public string TrainingEvents => File("tensorboard", "training");

    /// <summary>The report.</summary>
    public string Report => File("report.html");

    /// <summary>The result as JSON.</summary>
    public string Result => File("result.json");

    /// <summary>The super-network and the state of the search.</summary>
    public string SearchCheckpoint => File("checkpoints", "search.safetensors");

    /// <summary>The network after the last step of the training so far, with the optimizer's state.</summary>
    public string LastCheckpoint => File("checkpoints", "last.safetensors");

    /// <summary>The network at its best validation accuracy.</summary>
    public string BestCheckpoint => File("checkpoints", "best.safetensors");

    /// <summary>With pretrained weights: the whole network, whose answers the smaller one learns.</summary>
    public string TeacherCheckpoint => File("checkpoints", "teacher.safetensors");

    /// <summary>One line per epoch of its training.</summary>
    public string TeacherLog => File("teacher.jsonl");

    /// <summary>Its state after the last step so far, with the optimizer's.</summary>
    internal string TeacherLastCheckpoint => File("checkpoints", "teacher-last.safetensors");

    /// <summary>
    /// Locks the folder of a new run, or of one to resume, for this job alone; no file of the run is written or removed
    /// yet.
    /// </summary>
    /// <param name="path">The folder, or null for a new one under <c>runs/</c>.</param>
    /// <param name="resume">Whether the run must exist and is continued.</param>
    /// <param name="overwrite">Whether the files of an existing run may be removed.</param>
    /// <param name="observer">Is told if an earlier job was killed in the folder.</param>
    /// <param name="directory">The folder's files.</param>
    /// <returns>The lock of the folder; dispose of it at the end of the job.</returns>
    /// <exception cref="InvalidInputException">
    /// A run exists there and neither option is set; there is none to resume; the folder holds something other than a
    /// run; or another job works in it.
    /// </exception>
    internal static RunLock Claim(
        string? path,
        bool resume,
        bool overwrite,
        IRunObserver observer,
        out RunDirectory directory
    ) => Claim(path, "runs", () => Choose(path, resume, overwrite), observer, out directory);

    /// <summary>The same for a job that does not continue a run: its folder is new, or is replaced.</summary>
    /// <inheritdoc cref="Claim(string?, bool, bool, IRunObserver, out RunDirectory)"/>
    internal static RunLock ClaimNew(string? path, bool overwrite, IRunObserver observer, out RunDirectory directory) =>
        Claim(path, "runs", () => Choose(path, resume: false, overwrite, canResume: false), observer, out directory);

    /// <summary>The same with another rule for existing folders.</summary>
    /// <param name="path">The folder, or null for a new one.</param>
    /// <param name="parent">The parent folder of a new folder.</param>
    /// <param name="require">Rejects a folder that cannot be used.</param>
    /// <param name="observer">Is told if an earlier job was killed in the folder.</param>
    /// <param name="directory">The folder's files.</param>
    internal static RunLock Claim(
        string? path,
        string parent,
        Action require,
        IRunObserver observer,
        out RunDirectory directory
    )
    {
        // Before the lock, so that a wrong folder is not touched, and again under it, since another job may have been
        // there in the meantime.
        require();
        RunLock held = path is null ? RunLock.AcquireNew(parent) : RunLock.Acquire(path);
        try
        {
            require();
            held.Report(observer);
            directory = new RunDirectory(held.Folder);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Rejects a folder that cannot be that of a new run, or of one to resume.</summary>
    /// <param name="path">The folder, or null for a new one.</param>
    /// <param name="resume">Whether the run must exist and is continued.</param>
    /// <param name="overwrite">Whether the files of an existing run may be removed.</param>
    /// <exception cref="InvalidInputException">
    /// A run exists there and neither option is set; there is none to resume; or the folder holds something other than
    /// a run.
    /// </exception>
    public static void Choose(string? path, bool resume, bool overwrite) =>
        Choose(path, resume, overwrite, canResume: true);

    private static void Choose(string? path, bool resume, bool overwrite, bool canResume)
    {
        if (path is not null && System.IO.File.Exists(Path.Combine(path, WrittenFiles.ComparisonPlan)))
        {
            throw new InvalidInputException(
                $"'{path}' holds a comparison; continue it with ProxylessComparison.Run(RunOptions.Out = '{path}', "
                    + $"RunOptions.Resume), or choose another RunOptions.Out"
            );
        }

        ChooseAny(path, resume, overwrite, canResume);
    }

    /// <summary>The same for a folder that may hold a comparison, which has a run's configuration too.</summary>
    /// <param name="path">The folder, or null for a new one.</param>
    /// <param name="resume">Whether the run must exist and is continued.</param>
    /// <param name="overwrite">Whether the files of an existing run may be removed.</param>
    /// <param name="canResume">Whether the job could continue a run, for the message.</param>
    internal static void ChooseAny(string? path, bool resume, bool overwrite, bool canResume = true)
    {
        if (path is null)
        {
            if (resume)
            {
                throw new InvalidInputException("RunOptions.Resume needs RunOptions.Out = DIR, the run to resume");
            }

            return;
        }

        bool isRun = System.IO.File.Exists(new RunDirectory(path).Config);
        if (resume)
        {
            if (!isRun)
            {
                throw new InvalidInputException($"RunOptions.Resume: there is no run in '{path}' (no config.yaml)");
            }

            return;
        }

        if (System.IO.File.Exists(path))
        {
            throw new InvalidInputException($"RunOptions.Out = '{path}' is a file; give a folder");
        }

        if (!RunLock.HoldsSomething(path))
        {
            return;
        }

        if (!overwrite)
        {
            string resumed = canResume ? "continue with RunOptions.Resume, " : "";
            throw new InvalidInputException(
                isRun
                    ? $"'{path}' exists and is not empty; {resumed}replace it with RunOptions.Overwrite, or choose "
                        + "another RunOptions.Out"
                    : $"'{path}' is not empty and holds no run; choose another RunOptions.Out"
            );
        }

        // Only a run is replaced, and only its own files: a mistyped folder must not be lost.
        if (!isRun)
        {
            throw new InvalidInputException(
                $"RunOptions.Overwrite: '{path}' holds no run (no config.yaml) and is left alone; choose another "
                    + $"RunOptions.Out"
            );
        }
    }

    /// <summary>
    /// Whether a job was killed while it replaced an earlier run, or training, with a new one: the new one is
    /// continued, and <see cref="FinishBeginning"/> removes the rest of the old one.
    /// </summary>
    internal bool IsBeginning => System.IO.File.Exists(NewConfig) || System.IO.File.Exists(NewTrainingConfig);

    // The configuration of a run, or of a training of the same search, until the earlier files are removed.
    private string NewConfig => File("config.new.yaml");

    private string NewTrainingConfig => File("config.new-training.yaml");

    /// <summary>
    /// Begins a run and replaces an existing one. Whenever the process is killed, a resume finds either the old run or
    /// the new one.
    /// </summary>
    /// <param name="options">The new run's configuration.</param>
    /// <param name="removeMore">Removes the other files of the old run.</param>
    /// <exception cref="InvalidInputException">The folder cannot be created.</exception>
    internal void Begin(RunOptions options, Action removeMore)
    {
        if (System.IO.File.Exists(Config))
        {
            RunConfigFile.Write(NewConfig, options);
            removeMore();
            FinishBeginning();
            return;
        }

        Create();
        removeMore();
        RunConfigFile.Write(Config, options);
    }

    /// <summary>Begins a training of the network that was searched here and replaces an existing training.</summary>
    /// <param name="options">The run's new configuration.</param>
    internal void BeginTraining(RunOptions options)
    {
        // A training of the network that was searched here no longer replaces the search.
        Remove(NewConfig);
        RunConfigFile.Write(NewTrainingConfig, options);
        FinishBeginning();
    }

    /// <summary>Removes the rest of the old run, or training, that a new one replaces.</summary>
    internal void FinishBeginning()
    {
        if (System.IO.File.Exists(NewConfig))
        {
            Create();
            Remove(NewTrainingConfig);
            System.IO.File.Move(NewConfig, Config, overwrite: true);
        }
        else if (System.IO.File.Exists(NewTrainingConfig))
        {
            RemoveTraining();
            RunPlan.Read(this).WithoutTraining().Write(this);
            System.IO.File.Move(NewTrainingConfig, Config, overwrite: true);
        }
    }

    /// <summary>Reads the configuration of the run that is resumed.</summary>
    /// <exception cref="InvalidInputException">The file is missing or damaged.</exception>
    public RunOptions ReadConfig()
    {
        string[] begun = [NewConfig, NewTrainingConfig];
        return RunConfigFile.Read(Array.Find(begun, System.IO.File.Exists) ?? Config);
    }

    /// <summary>Creates the folder and removes what an earlier run left in it.</summary>
    /// <exception cref="InvalidInputException">The folder cannot be created.</exception>
    public void Create()
    {
        try
        {
            Directory.CreateDirectory(Root);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new InvalidInputException(
                $"RunOptions.Out = '{Root}' cannot be made: {exception.Message}",
                exception
            );
        }

        Remove(
            Plan,
            Warnings,
            Progress,
            Latency,
            Spanning,
            SearchLog,
            Scores,
            SearchResult,
            Architecture,
            Picture,
            FrontPicture,
            SearchCheckpoint,
            new CheckpointFile(SearchCheckpoint).Previous
        );
        RemoveEvents(SearchEvents);
        RemoveTraining();
    }

    /// <summary>Creates the folder and removes all files of an earlier run, including its configuration.</summary>
    /// <exception cref="InvalidInputException">The folder cannot be created.</exception>
    public void Empty()
    {
        Create();
        Remove(Config);
    }

    /// <summary>Removes the files of a training; the search stays.</summary>
    public void RemoveTraining()
    {
        Remove(
            TrainingLog,
            Model,
            IntegerModel,
            Labels,
            Answers,
            CrossValidated,
            Folds,
            Report,
            Result,
            LastCheckpoint,
            new CheckpointFile(LastCheckpoint).Previous,
            BestCheckpoint,
            TeacherLog,
            TeacherLastCheckpoint,
            new CheckpointFile(TeacherLastCheckpoint).Previous,
            TeacherCheckpoint
        );
        RemoveEvents(TrainingEvents);
    }

    /// <summary>Opens a finished or interrupted run.</summary>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    public static RunDirectory Open(string path)
    {
        var directory = new RunDirectory(path);
        return System.IO.File.Exists(directory.Config)
            ? directory
            : throw new InvalidInputException(
                $"'{path}' is not a run directory (no config.yaml); give the RunOptions.Out of an earlier run"
            );
    }

    /// <summary>Removes the event files of a folder, and the folders that are empty then.</summary>
    private static void RemoveEvents(string folder)
    {
        Remove([.. EventFile.FilesIn(folder)]);
        foreach (string empty in (string[])[folder, Path.GetDirectoryName(folder)!])
        {
            if (Directory.Exists(empty) && !Directory.EnumerateFileSystemEntries(empty).Any())
            {
                Directory.Delete(empty);
            }
        }
    }

    private static void Remove(params ReadOnlySpan<string> files)
    {
        foreach (string file in files)
        {
            // Deleting a missing file is not an error, but it is one if its folder is missing too.
            if (System.IO.File.Exists(file))
            {
                System.IO.File.Delete(file);
            }
        }
    }

    private string File(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);
}
