using System.Diagnostics;
using System.Text.Json;
using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Runs;

namespace Proxyless.Comparisons;

/// <summary>What a comparison consists of, recorded so that a resumed comparison repeats it.</summary>
/// <param name="Networks">All networks, in the order in which they were requested.</param>
/// <param name="Seeds">Number of trainings of each.</param>
/// <param name="ScoredBy">The search whose shared weights score them, or null.</param>
/// <param name="Targets">Further targets on which they are measured.</param>
/// <param name="IntegerBits">
/// Bits of the weights of the integer model that is made of every training; null if none is made.
/// </param>
/// <param name="Seed">The seed that those of the trainings depend on; plans of older versions have 0.</param>
internal sealed record ComparisonPlan(
    IReadOnlyList<ComparedNetwork> Networks,
    int Seeds,
    string? ScoredBy,
    IReadOnlyList<string> Targets,
    int? IntegerBits = null,
    int Seed = 0
)
{
    /// <summary>Whether the result of another plan is that of this one.</summary>
    public bool HasResultOf(ComparisonPlan other) =>
        Seeds == other.Seeds
        && ScoredBy == other.ScoredBy
        && IntegerBits == other.IntegerBits
        && Networks.SequenceEqual(other.Networks)
        && Targets.SequenceEqual(other.Targets ?? []);
}

/// <summary>
/// The files of one comparison. Configuration, latency table and warnings have the same names as in a run.
/// </summary>
/// <param name="path">The folder.</param>
internal sealed class ComparisonDirectory(string path)
{
    /// <summary>The file that identifies the folder of a comparison.</summary>
    public const string PlanName = WrittenFiles.ComparisonPlan;

    private const string PreparingName = ".preparing";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.2);

    /// <summary>How long processes that join wait for one that leads: those of a scheduler start at any time.</summary>
    public static TimeSpan WaitForBeginning { get; } = TimeSpan.FromMinutes(2);

    /// <summary>What it shares with a run.</summary>
    public RunDirectory Run { get; } = new(path);

    /// <summary>The table for other programs.</summary>
    public string Csv => Path.Combine(path, "comparison.csv");

    /// <summary>The tables for readers.</summary>
    public string Markdown => Path.Combine(path, "comparison.md");

    /// <summary>The plot of accuracy against latency.</summary>
    public string Plot => Path.Combine(path, "comparison.svg");

    /// <summary>The result as JSON.</summary>
    public string Result => Path.Combine(path, "result.json");

    /// <summary>
    /// Locks the folder of a new comparison, or of one to resume, for this job alone; no file of the comparison is
    /// written or removed yet.
    /// </summary>
    /// <param name="path">The folder, or null for a new one under <c>comparisons/</c>.</param>
    /// <param name="resume">Whether the comparison must exist and is continued.</param>
    /// <param name="overwrite">Whether an existing comparison may be removed.</param>
    /// <param name="observer">Is told if an earlier job was killed in the folder.</param>
    /// <param name="directory">The files that it shares with a run.</param>
    /// <returns>The lock of the folder; dispose of it at the end of the job.</returns>
    /// <exception cref="InvalidInputException">
    /// The folder holds a comparison, or something else, and neither option is set; there is none to resume; or another
    /// job works in it.
    /// </exception>
    public static RunLock Claim(
        string? path,
        bool resume,
        bool overwrite,
        IRunObserver observer,
        out RunDirectory directory
    ) => RunDirectory.Claim(path, "comparisons", () => Choose(path, resume, overwrite), observer, out directory);

    private static void Choose(string? path, bool resume, bool overwrite)
    {
        if (path is null && resume)
        {
            throw new InvalidInputException("RunOptions.Resume needs RunOptions.Out = DIR, the comparison to resume");
        }

        if (path is not null && IsUnbegun(path))
        {
            if (resume)
            {
                throw new InvalidInputException(
                    $"the comparison in '{path}' was stopped before it had measured its networks, so there is nothing "
                        + $"to resume; begin it again without RunOptions.Resume"
                );
            }

            return;
        }

        if (
            path is not null
            && (resume || overwrite)
            && RunLock.HoldsSomething(path)
            && !File.Exists(Path.Combine(path, PlanName))
        )
        {
            throw new InvalidInputException(
                $"'{path}' holds no comparison (no {PlanName}) and is left alone; choose another RunOptions.Out"
            );
        }

        RunDirectory.ChooseAny(path, resume, overwrite);
    }

    /// <summary>
    /// Whether a comparison was killed, or failed, here before its plan was written: it can be begun again.
    /// </summary>
    private static bool IsUnbegun(string path) =>
        Directory.Exists(Path.Combine(path, PreparingName)) && !File.Exists(Path.Combine(path, PlanName));

    /// <summary>
    /// Whether the process that leads measures networks: others do not train meanwhile, which would disturb it on its
    /// host, and do not end, since there may be work for them.
    /// </summary>
    /// <param name="watch">What this process has seen of other claims.</param>
    public bool IsPreparing(ClaimWatch watch)
    {
        try
        {
            return WorkClaim.IsHeldIn(Preparing, watch);
        }
        catch (IOException)
        {
            // It is not known: trainings can wait, and whoever waits for a beginning does so for a limited time.
            return File.Exists(PlanFile);
        }
    }

    /// <summary>
    /// Notes that networks are measured, until the result is disposed of; the folder is locked. If the comparison was
    /// begun and has no plan by then, as after a full disk, the folder still tells that it can be begun again.
    /// </summary>
    /// <exception cref="InvalidInputException">The folder cannot be written.</exception>
    public IDisposable Prepare()
    {
        try
        {
            // Of a process that was killed.
            FolderRemoval.IfThere(Preparing);
            return new Preparation(this);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(
                $"RunOptions.Out = '{path}' cannot be written: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>Creates the folder and removes what an earlier comparison left in it.</summary>
    public void Create()
    {
        Run.Create();
        FolderRemoval.IfThere(Networks);
        File.Delete(PlanFile);
        RemoveResult();
    }

    /// <summary>Removes tables, plot and page.</summary>
    public void RemoveResult()
    {
        foreach (string file in (string[])[Result, Csv, Markdown, Plot, Run.Report])
        {
            File.Delete(file);
        }
    }

    /// <summary>Waits until a comparison that a process begins here has its plan.</summary>
    /// <param name="patience">How long it waits while no process works there.</param>
    /// <param name="watch">What this process has seen of other claims.</param>
    /// <param name="observer">Is told of the wait.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">Nobody begins one.</exception>
    public void AwaitPlan(
        TimeSpan patience,
        ClaimWatch watch,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(observer);
        string told = "";
        long alone = Stopwatch.GetTimestamp();
        while (!File.Exists(PlanFile))
        {
            bool isLed = IsPreparing(watch);
            alone = isLed ? Stopwatch.GetTimestamp() : alone;
            string reason = isLed
                ? $"waiting for the comparison in '{path}' to begin: its networks are measured first"
                : Invariant($"no comparison is in '{path}' yet; waiting {patience.TotalSeconds:0} s for one to begin");
            if (told != reason)
            {
                observer.Message(reason);
                told = reason;
            }

            if (Stopwatch.GetElapsedTime(alone) >= patience && !isLed)
            {
                throw new InvalidInputException(
                    $"'{path}' holds no comparison, and no process begins one there; begin it with "
                        + "ProxylessComparison.Run(RunOptions.Out), or give its folder"
                );
            }

            cancellationToken.WaitHandle.WaitOne(Pause);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Reads the plan of a comparison that is resumed.</summary>
    /// <exception cref="InvalidInputException">The file is missing or damaged.</exception>
    public ComparisonPlan ReadPlan()
    {
        const string Fix = "restore it, or begin another comparison";
        ComparisonPlan plan = JsonText.Read<ComparisonPlan>(PlanFile, Fix);

        // Names become folders, which are deleted with all their contents.
        return
            plan.Seeds >= 1
            && plan.Networks.All(network => FolderName.Is(network.Name))
            && plan.Networks.Select(network => network.Name).Distinct().Count() == plan.Networks.Count
            ? plan
            : throw new InvalidInputException(
                $"{PlanFile} holds a number of trainings or a network's name that no comparison has; {Fix}"
            );
    }

    /// <summary>Writes the plan.</summary>
    public void Write(ComparisonPlan plan) => WriteJson(PlanFile, plan);

    /// <summary>The file of a network's layers.</summary>
    public string Architecture(ComparedNetwork network) => Path.Combine(FolderOf(network), "architecture.json");

    /// <summary>Reads the measurements of a network; null if there are none.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public NetworkMeasurement? ReadMeasurement(ComparedNetwork network)
    {
        NetworkMeasurement? measurement = Read<NetworkMeasurement>(MeasurementOf(network));
        return
            measurement is null
            || measurement.Latencies.Values.All(latency => latency is >= 0 and < double.PositiveInfinity)
            ? measurement
            : throw new InvalidInputException(
                $"{MeasurementOf(network)} holds a latency that is not a time; remove it to measure it again"
            );
    }

    /// <summary>Writes the measurements of a network.</summary>
    public void Write(ComparedNetwork network, NetworkMeasurement measurement) =>
        WriteJson(MeasurementOf(network), measurement);

    /// <summary>The files of one training of a network.</summary>
    public RunDirectory Training(ComparedNetwork network, int seed) =>
        new(Path.Combine(FolderOf(network), $"seed-{seed}"));

    /// <summary>The folders of the trainings that any process has begun and that have no result.</summary>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public IReadOnlyList<string> BegunTrainings()
    {
        if (!Directory.Exists(Networks))
        {
            return [];
        }

        return
        [
            .. Directory
                .EnumerateDirectories(Networks)
                .SelectMany(network => Directory.EnumerateDirectories(network, "seed-*"))
                .Where(training => !File.Exists(new RunDirectory(training).Result) && WorkClaim.IsIn(training)),
        ];
    }

    /// <summary>Reads the result of a training; null if it has not ended.</summary>
    public NetworkTraining? ReadTraining(ComparedNetwork network, int seed) =>
        Read<NetworkTraining>(Training(network, seed).Result);

    /// <summary>Writes the result of a training.</summary>
    /// <param name="training">The folder of the training, or of an attempt at it.</param>
    /// <param name="result">The result.</param>
    public static void Write(RunDirectory training, NetworkTraining result) => WriteJson(training.Result, result);

    /// <summary>Reads why a training has no result and will have none; null if it was not given up.</summary>
    public NetworkFailure? ReadFailure(ComparedNetwork network, int seed) =>
        Read<NetworkFailure>(FailureOf(network, seed));

    /// <summary>Notes that a training is given up.</summary>
    public void Write(ComparedNetwork network, int seed, NetworkFailure failure) =>
        WriteJson(FailureOf(network, seed), failure);

    /// <summary>Forgets which trainings were given up, so that they are tried again.</summary>
    public void ForgetFailures(ComparisonPlan plan)
    {
        foreach (ComparedNetwork network in plan.Networks)
        {
            for (int seed = 0; seed < plan.Seeds; seed++)
            {
                if (File.Exists(FailureOf(network, seed)))
                {
                    File.Delete(FailureOf(network, seed));
                }
            }
        }
    }

    /// <summary>
    /// Removes all files of a network that the plan no longer has, but for those that another process is just writing:
    /// that one removes them when it sees the new plan.
    /// </summary>
    public void Remove(ComparedNetwork network) => FolderRemoval.Try(FolderOf(network));

    /// <summary>
    /// Removes what is left of an earlier network of the name before a new one is added: this process was killed, or a
    /// file was in use, when that one was removed.
    /// </summary>
    /// <exception cref="IOException">Something in it is in use.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be removed.</exception>
    public void RemoveRest(ComparedNetwork network) => FolderRemoval.IfThere(FolderOf(network));

    /// <summary>Writes the comparison's result.</summary>
    public void Write(ComparisonResult result) => WriteJson(Result, result);

    private string PlanFile => Path.Combine(path, PlanName);

    private string Preparing => Path.Combine(path, PreparingName);

    private string Networks => Path.Combine(path, "networks");

    private string FailureOf(ComparedNetwork network, int seed) =>
        Path.Combine(Training(network, seed).Root, "failed.json");

    private string FolderOf(ComparedNetwork network) => Path.Combine(Networks, network.Name);

    private string MeasurementOf(ComparedNetwork network) => Path.Combine(FolderOf(network), "measurement.json");

    private static T? Read<T>(string file)
        where T : class => File.Exists(file) ? JsonText.Read<T>(file, "remove it to create it again") : null;

    private static void WriteJson<T>(string file, T value) =>
        AtomicFile.WriteAllText(file, JsonSerializer.Serialize(value, JsonLines.Indented));

    private sealed class Preparation(ComparisonDirectory comparison) : IDisposable
    {
        private readonly WorkClaim? _claim = WorkClaim.TryTake(comparison.Preparing, ClaimWatch.OfProcess());

        public void Dispose()
        {
            _claim?.Complete();
            _claim?.Dispose();

            bool isUnbegun = File.Exists(comparison.Run.Config) && !File.Exists(comparison.PlanFile);
            if (!isUnbegun)
            {
                // If it stays, it means nothing without a claim.
                FolderRemoval.Try(comparison.Preparing);
            }
        }
    }
}
