namespace Proxyless.Runs;

/// <summary>The parts of a run by which its time is recorded.</summary>
internal enum RunStage
{
    /// <summary>Images, profile, search and derivation with its measurements.</summary>
    Search,

    /// <summary>The training, including the timing of its steps.</summary>
    Training,

    /// <summary>Export, evaluation and report.</summary>
    Export,
}

/// <summary>
/// The time of one job. It starts with the job, and every moment is charged to exactly one stage of the run's plan. The
/// plan also holds what earlier jobs of the run were charged, so that a resumed run adds only its own time.
/// </summary>
/// <param name="time">The source of the time.</param>
internal sealed class RunClock(TimeProvider time)
{
    private long _charged = time.GetTimestamp();

    /// <summary>The time since the last charge, or since the job began.</summary>
    public TimeSpan Uncharged => time.GetElapsedTime(_charged);

    /// <summary>Charges the time since the last charge, and writes it to the plan.</summary>
    /// <param name="store">The run.</param>
    /// <param name="stage">The stage that it was spent on.</param>
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
