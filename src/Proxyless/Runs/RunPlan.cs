using System.Text.Json;
using System.Text.Json.Serialization;
using Proxyless.Files;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// What a run fixes once and a resumed run repeats: step counts, from epochs, or from <see cref="RunOptions.Time"/> and
/// measured step times.
/// </summary>
internal sealed record RunPlan
{
    private const long MostSteps = 1L << 50;
    private const double MostSeconds = 1e10;

    /// <summary>Steps of the search.</summary>
    public SearchPlan? Search { get; init; }

    /// <summary>
    /// Number of networks to score for the first limit; null: as many as the options say, since no time was given, or
    /// the run is of an older version.
    /// </summary>
    public int? Evaluations { get; init; }

    /// <summary>Steps of the training.</summary>
    public long? TrainSteps { get; init; }

    /// <summary>Steps of the training of the teacher; null: not begun, or there is none.</summary>
    public long? TeacherSteps { get; init; }

    /// <summary>How pretrained weights are used; null: not decided, or there are none.</summary>
    public FineTuning? FineTuning { get; init; }

    /// <summary>
    /// With pretrained weights: whether the report of the trained network is written, the last file of a run; null if
    /// the training has not begun, or an older version began it.
    /// </summary>
    public bool? IsReported { get; init; }

    /// <summary>Seconds spent on images, profiling, search and derivation so far.</summary>
    public double SearchSeconds { get; init; }

    /// <summary>Seconds spent on training so far.</summary>
    public double TrainSeconds { get; init; }

    /// <summary>Seconds spent on export, evaluation and report so far.</summary>
    public double ExportSeconds { get; init; }

    /// <summary>The time that was spent on the run so far.</summary>
    [JsonIgnore]
    public TimeSpan Spent => TimeSpan.FromSeconds(SearchSeconds + TrainSeconds + ExportSeconds);

    /// <summary>The fingerprint of the data when the run began.</summary>
    public string? DataFingerprint { get; init; }

    /// <summary>
    /// The fingerprint of the pretrained weights when the run began; null: there are none, or the run is of an older
    /// version.
    /// </summary>
    public string? WeightsFingerprint { get; init; }

    /// <summary>Reads the plan of a run; returns an empty one if there is none yet.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public static RunPlan Read(RunDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        if (!File.Exists(directory.Plan))
        {
            return new RunPlan();
        }

        const string Fix = "restore it, or begin another run";
        RunPlan plan = JsonText.Read<RunPlan>(directory.Plan, Fix);
        bool isPossible =
            plan.Search is null or { WeightSteps: >= 1 and <= MostSteps, WarmupSteps: >= 0, Interval: >= 1 }
            && Enum.IsDefined(plan.Search?.WeightUpdate ?? default)
            && plan.Evaluations is null or >= 0
            && plan.TrainSteps is null or (>= 0 and <= MostSteps)
            && plan.TeacherSteps is null or (>= 1 and <= MostSteps)
            && plan.FineTuning
                is null
                    or {
                        Blocks: >= 1,
                        Top1: >= 0 and <= 1,
                        Images: >= 0,
                        BeginningTop1: null or (>= 0 and <= 1),
                        MostTrialSteps: null or (>= 1 and <= MostSteps)
                    }
            && plan.SearchSeconds is >= 0 and <= MostSeconds
            && plan.TrainSeconds is >= 0 and <= MostSeconds
            && plan.ExportSeconds is >= 0 and <= MostSeconds;
        return isPossible
            ? plan
            : throw new InvalidInputException(
                $"{directory.Plan} holds numbers that no plan has: steps are 1 or more, an interval too, seconds 0 "
                    + $"or more; {Fix}"
            );
    }

    /// <summary>Returns the plan of the same search without a training.</summary>
    internal RunPlan WithoutTraining() =>
        this with
        {
            TrainSteps = null,
            TeacherSteps = null,
            FineTuning = null,
            IsReported = null,
            TrainSeconds = 0,
        };

    /// <summary>Writes the plan.</summary>
    public void Write(RunDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        AtomicFile.WriteAllText(directory.Plan, JsonSerializer.Serialize(this, JsonLines.Indented));
    }
}
