using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The files of one run.</summary>
/// <param name="path">The folder.</param>
public sealed class RunDirectory(string path) : ITrainingStore
{
    /// <summary>The folder.</summary>
    public string Root { get; } = path;

    /// <summary>All options as they were resolved.</summary>
    public string Config => File(WrittenFiles.RunConfig);

    /// <summary>Numbers of steps, fixed once so that a resume repeats them.</summary>
    public string Plan => File(WrittenFiles.RunPlan);

    /// <summary>What the user was warned of.</summary>
    public string Warnings => File("warnings.jsonl");

    /// <summary>The latency table.</summary>
    public string Latency => File("latency.json");

    /// <summary>A line for each epoch of the search.</summary>
    public string SearchLog => File("search.jsonl");

    /// <summary>A line for each network that was scored with the shared weights of the search.</summary>
    public string Scores => File("scores.jsonl");

    /// <summary>What the search found.</summary>
    public string SearchResult => File("search.json");

    /// <summary>The architecture that was derived.</summary>
    public string Architecture => File("architecture.json");

    /// <summary>Its picture.</summary>
    public string Picture => File("architecture.svg");

    /// <summary>The picture of what other latencies would buy.</summary>
    public string FrontPicture => File("front.svg");

    /// <summary>A line for each epoch of the training.</summary>
    public string TrainingLog => File("training.jsonl");

    /// <summary>The model.</summary>
    public string Model => File("model.onnx");

    /// <summary>The classes, a line each, in the order of the model's outputs.</summary>
    public string Labels => File("labels.txt");

    /// <summary>The report.</summary>
    public string Report => File("report.html");

    /// <summary>The result as JSON.</summary>
    public string Result => File("result.json");

    /// <summary>The super-network and the state of the search.</summary>
    public string SearchCheckpoint => File("checkpoints", "search.safetensors");

    /// <summary>The network as the training left it last, with the optimiser's state.</summary>
    public string LastCheckpoint => File("checkpoints", "last.safetensors");

    /// <summary>The network at its best validation accuracy.</summary>
    public string BestCheckpoint => File("checkpoints", "best.safetensors");

    /// <summary>
    /// Takes the folder of a new run, or that of one to go on with, for this job alone; nothing of a run is written or
    /// removed yet.
    /// </summary>
    /// <param name="path">The folder, or null for a new one under <c>runs/</c>.</param>
    /// <param name="resume">Whether the run must exist and is continued.</param>
    /// <param name="overwrite">Whether what a run left there may be removed.</param>
    /// <param name="observer">Told where a job before was killed there.</param>
    /// <param name="directory">The folder's files.</param>
    /// <returns>The lock of the folder, to be disposed of at the job's end.</returns>
    /// <exception cref="InvalidInputException">
    /// A run stands there and neither was said, there is none to resume, the folder holds something else than a run, or
    /// another job works in it.
    /// </exception>
    internal static RunLock Claim(
        string? path,
        bool resume,
        bool overwrite,
        IRunObserver observer,
        out RunDirectory directory
    ) => Claim(path, "runs", () => Choose(path, resume, overwrite), observer, out directory);

    /// <summary>The same by another rule of what may stand there.</summary>
    /// <param name="path">The folder, or null for a new one.</param>
    /// <param name="parent">Where a new one is made.</param>
    /// <param name="require">Refuses a folder that cannot be taken.</param>
    /// <param name="observer">Told where a job before was killed there.</param>
    /// <param name="directory">The folder's files.</param>
    internal static RunLock Claim(
        string? path,
        string parent,
        Action require,
        IRunObserver observer,
        out RunDirectory directory
    )
    {
        // Before the lock, so that a wrong folder is not touched, and under it, for another job may have been there
        // meanwhile.
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

    /// <summary>Refuses what cannot be the folder of a new run, or that of one to go on with.</summary>
    /// <param name="path">The folder, or null for a new one.</param>
    /// <param name="resume">Whether the run must exist and is continued.</param>
    /// <param name="overwrite">Whether what a run left there may be removed.</param>
    /// <exception cref="InvalidInputException">
    /// A run stands there and neither was said, there is none to resume, or the folder holds something else than a run.
    /// </exception>
    public static void Choose(string? path, bool resume, bool overwrite)
    {
        if (path is not null && System.IO.File.Exists(Path.Combine(path, WrittenFiles.ComparisonPlan)))
        {
            throw new InvalidInputException(
                $"'{path}' holds a comparison; go on with it by ProxylessComparison.Run(RunOptions.Out = '{path}', "
                    + $"RunOptions.Resume), or choose another RunOptions.Out"
            );
        }

        ChooseAny(path, resume, overwrite);
    }

    /// <summary>The same for a folder that may hold a comparison, which has a run's configuration too.</summary>
    internal static void ChooseAny(string? path, bool resume, bool overwrite)
    {
        if (path is null)
        {
            if (resume)
            {
                throw new InvalidInputException("RunOptions.Resume needs RunOptions.Out = DIR, the run to go on with");
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
            throw new InvalidInputException(
                $"'{path}' exists and is not empty; go on with RunOptions.Resume, replace it with "
                    + $"RunOptions.Overwrite, or choose another RunOptions.Out"
            );
        }

        // Only a run is replaced, and only its own files: a mistyped folder must not cost anybody a folder.
        if (!isRun)
        {
            throw new InvalidInputException(
                $"RunOptions.Overwrite: '{path}' holds no run (no config.yaml) and is left alone; choose another "
                    + $"RunOptions.Out"
            );
        }
    }

    /// <summary>
    /// Whether a job was killed while it put a new run, or a new training, in place of one that was here: the new
    /// one is gone on with, and <see cref="FinishBeginning"/> removes what is left of the old one.
    /// </summary>
    internal bool IsBeginning => System.IO.File.Exists(NewConfig) || System.IO.File.Exists(NewTrainingConfig);

    // The configuration of a run, or of a training of the same search, until what stood here before is removed.
    private string NewConfig => File("config.new.yaml");

    private string NewTrainingConfig => File("config.new-training.yaml");

    /// <summary>
    /// Begins a run, in place of one that may be here. Whenever the process is killed, a resume finds the old run
    /// or the new one.
    /// </summary>
    /// <param name="options">The new run's configuration.</param>
    /// <param name="removeMore">Removes what else belongs to the old run.</param>
    /// <exception cref="InvalidInputException">The folder cannot be made.</exception>
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

    /// <summary>
    /// Begins a training of the network that was searched here, in place of one that may be here.
    /// </summary>
    /// <param name="options">The run's new configuration.</param>
    internal void BeginTraining(RunOptions options)
    {
        // Whoever trains the network that was searched here does not replace the search any more.
        Remove(NewConfig);
        RunConfigFile.Write(NewTrainingConfig, options);
        FinishBeginning();
    }

    /// <summary>Removes what is left of the old run, or training, that a new one takes the place of.</summary>
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

    /// <summary>The configuration of the run that a resume goes on with.</summary>
    /// <exception cref="InvalidInputException">The file is missing or damaged.</exception>
    public RunOptions ReadConfig()
    {
        string[] begun = [NewConfig, NewTrainingConfig];
        return RunConfigFile.Read(Array.Find(begun, System.IO.File.Exists) ?? Config);
    }

    /// <summary>Makes the folder and removes what an earlier run left in it.</summary>
    /// <exception cref="InvalidInputException">The folder cannot be made.</exception>
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
            Latency,
            SearchLog,
            Scores,
            SearchResult,
            Architecture,
            Picture,
            FrontPicture,
            SearchCheckpoint,
            new CheckpointFile(SearchCheckpoint).Previous
        );
        RemoveTraining();
    }

    /// <summary>Makes the folder and removes all that an earlier run left in it, its configuration too.</summary>
    /// <exception cref="InvalidInputException">The folder cannot be made.</exception>
    public void Empty()
    {
        Create();
        Remove(Config);
    }

    /// <summary>Removes what a training left; the search stays.</summary>
    public void RemoveTraining() =>
        Remove(
            TrainingLog,
            Model,
            Labels,
            Report,
            Result,
            LastCheckpoint,
            new CheckpointFile(LastCheckpoint).Previous,
            BestCheckpoint
        );

    /// <summary>Opens a finished or interrupted run.</summary>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public static RunDirectory Open(string path)
    {
        var directory = new RunDirectory(path);
        return System.IO.File.Exists(directory.Config)
            ? directory
            : throw new InvalidInputException(
                $"'{path}' is no run directory (no config.yaml); give the RunOptions.Out of an earlier run"
            );
    }

    private static void Remove(params ReadOnlySpan<string> files)
    {
        foreach (string file in files)
        {
            // Deleting what is not there is no error, but where its folder is not there either it is one.
            if (System.IO.File.Exists(file))
            {
                System.IO.File.Delete(file);
            }
        }
    }

    private string File(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);
}
