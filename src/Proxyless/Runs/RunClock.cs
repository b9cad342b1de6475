using Proxyless.Files;
using Proxyless.Networks;

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

    /// <summary>Does work and charges its time, however it ends.</summary>
    /// <typeparam name="T">The result of the work.</typeparam>
    /// <param name="store">The run.</param>
    /// <param name="stage">The stage that the work belongs to.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="IOException">The work is done, and its time cannot be written.</exception>
    public T Charging<T>(RunStore store, RunStage stage, Func<T> work) =>
        Ending(store, work, () => Charge(store, stage));

    /// <inheritdoc cref="Charging{T}(RunStore, RunStage, Func{T})"/>
    public void Charging(RunStore store, RunStage stage, Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        Charging(
            store,
            stage,
            () =>
            {
                work();
                return true;
            }
        );
    }

    /// <summary>
    /// Does work, and writes something at its end. Of a failure of the work and one of the writing, as on a full disk,
    /// the first counts: why a job has ended must not be lost with its time. The folder of a run that has gone is not
    /// made anew for it.
    /// </summary>
    /// <typeparam name="T">The result of the work.</typeparam>
    /// <param name="store">Where it is written: a run, or a training of a comparison.</param>
    /// <param name="work">The work.</param>
    /// <param name="write">Writes.</param>
    public static T Ending<T>(RunStore store, Func<T> work, Action write)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(write);
        string root = store.Directory.Root;
        bool isRun = RunFolder.Is(root);
        void Write()
        {
            if (isRun)
            {
                RunFolder.Require(root);
            }

            write();
        }

        T result;
        try
        {
            result = work();
        }
        catch
        {
            CheckpointFile.TryWrite(Write);
            throw;
        }

        Write();
        return result;
    }
}
