namespace Proxyless.Runs;

/// <summary>What the time of a run is spent on.</summary>
internal enum RunStage
{
    /// <summary>Images, profile, search and derivation with its measurements.</summary>
    Search,

    /// <summary>The training, the timing of its steps included.</summary>
    Training,

    /// <summary>Export, evaluation and report.</summary>
    Export,
}

/// <summary>
/// The time of one job. It starts with the job, and every moment of it is charged to one stage of the run's plan: none
/// twice, none to nothing. What earlier jobs of the run were charged stands in the
/// plan, so that a resume adds its own time alone.
/// </summary>
/// <param name="time">Where the time comes from.</param>
internal sealed class RunClock(TimeProvider time)
{
    private long _charged = time.GetTimestamp();

    /// <summary>What has passed since the last charge, or since the job began.</summary>
    public TimeSpan Uncharged => time.GetElapsedTime(_charged);

    /// <summary>Charges what has passed since the last charge, and writes it into the plan.</summary>
    /// <param name="store">The run.</param>
    /// <param name="stage">What it was spent on.</param>
    public void Charge(RunStore store, RunStage stage)
    {
        long now = time.GetTimestamp();
        double seconds = time.GetElapsedTime(_charged, now).TotalSeconds;
        _charged = now;
        RunPlan plan = store.Plan;
        store.Write(
            stage switch
            {
                RunStage.Search => plan with { SearchSeconds = plan.SearchSeconds + seconds },
                RunStage.Training => plan with { TrainSeconds = plan.TrainSeconds + seconds },
                _ => plan with { ExportSeconds = plan.ExportSeconds + seconds },
            }
        );
    }
}
