using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>
/// Every moment of a job is charged to one stage of its run, so that <c>--time</c> is the time of all.
/// </summary>
[Collection(nameof(WholeRuns))]
public sealed class RunClockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualClock _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunDirectory Folder => new(Path.Combine(_folder.Root, "run"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void No_moment_is_charged_twice_and_none_is_left_out()
    {
        _time.Seconds = 1000;
        var store = new RunStore(Folder);
        var clock = new RunClock(_time);
        _time.Seconds += 3;
        clock.Charge(store, RunStage.Search);
        Assert.Equal(TimeSpan.Zero, clock.Uncharged);
        _time.Seconds += 4;
        Assert.Equal(TimeSpan.FromSeconds(4), clock.Uncharged);
        clock.Charge(store, RunStage.Search);
        _time.Seconds += 5;
        clock.Charge(store, RunStage.Training);
        _time.Seconds += 6;
        clock.Charge(store, RunStage.Export);
        _time.Seconds += 7;

        // What passes between two jobs is nobody's.
        var resumed = new RunClock(_time);
        _time.Seconds += 8;
        var gone = new RunStore(Folder);
        resumed.Charge(gone, RunStage.Search);
        RunPlan plan = gone.Plan;
        Assert.Equal((15, 5, 6), (plan.SearchSeconds, plan.TrainSeconds, plan.ExportSeconds));
        Assert.Equal(plan, RunPlan.Read(Folder));
    }

    [Fact]
    public void What_has_ended_a_work_counts_and_not_that_its_time_cannot_be_written()
    {
        // A file is in the way of the run.
        string file = _folder.Add("run", []);
        var store = new RunStore(Folder);
        var clock = new RunClock(_time);
        void Stop() => clock.Charging(store, RunStage.Search, () => throw new OperationCanceledException());
        Assert.Throws<OperationCanceledException>(Stop);
        Assert.ThrowsAny<IOException>(() => clock.Charging(store, RunStage.Search, () => { }));

        File.Delete(file);
        _time.Seconds += 3;
        Assert.Throws<OperationCanceledException>(Stop);
        _time.Seconds += 4;
        Assert.Equal("done", clock.Charging(store, RunStage.Training, () => "done"));
        RunPlan plan = RunPlan.Read(Folder);
        Assert.Equal((3, 4), (plan.SearchSeconds, plan.TrainSeconds));
    }

    [Fact]
    public void What_images_and_derivation_take_is_not_left_for_the_training()
    {
        // What comes before the search takes half an hour, the derivation with its measurements an hour and a half: of
        // two hours nothing is left.
        RunOptions options = FinishedRun
            .OptionsIn(_folder)
            .WithTraining(training => training with { Epochs = null }) with
        {
            Out = Folder.Root,
            Time = TimeSpan.FromHours(2),
        };
        RunResult result = ProxylessRun.RunBy(
            _time,
            options,
            At(("limit:", 1800), ("derived:", 5400), ("export:", 60)),
            Cancellation
        );
        RunPlan plan = RunPlan.Read(Folder);
        Assert.Equal((7200, 0, 60), (plan.SearchSeconds, plan.TrainSeconds, plan.ExportSeconds));
        Assert.Equal(7200, result.SearchSeconds);
        Assert.Equal(1, plan.TrainSteps);
    }

    [Theory]
    [InlineData(7200, 100)]
    [InlineData(1, 8)]
    public void The_time_of_a_search_is_divided_once_into_steps_and_scores(int seconds, int evaluations)
    {
        RunOptions options = FinishedRun.OptionsIn(_folder).WithSearch(search => search with { Epochs = null }) with
        {
            Out = Folder.Root,
            Time = TimeSpan.FromSeconds(seconds),
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var interrupting = new MessageObserver(text =>
        {
            // Of a second nothing is left for the search.
            _time.Seconds += text.StartsWith("limit:", StringComparison.Ordinal) ? 60 : 0;
            if (text.StartsWith("search:", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        });
        Assert.Throws<RunInterruptedException>(() => ProxylessRun.RunBy(_time, options, interrupting, stop.Token));
        RunPlan plan = RunPlan.Read(Folder);
        Assert.Equal(evaluations, plan.Evaluations);
        Assert.Equal(seconds == 1, plan.Search!.WeightSteps == 2 * options.Search.ArchitectureInterval);
    }

    [Fact]
    public void A_resume_adds_its_own_time_and_that_once()
    {
        RunOptions options = FinishedRun.OptionsIn(_folder) with { Out = Folder.Root };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var interrupting = new MessageObserver(text =>
        {
            _time.Seconds += 10;
            if (text.StartsWith("search:", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        });
        long began = _time.Seconds;
        Assert.Throws<RunInterruptedException>(() => ProxylessRun.RunBy(_time, options, interrupting, stop.Token));
        long first = _time.Seconds - began;
        Assert.True(first > 0);
        Assert.Equal(first, RunPlan.Read(Folder).SearchSeconds);

        _time.Seconds += 100_000;
        options = new RunOptions { Out = Folder.Root, Resume = true };
        ProxylessRun.RunBy(_time, options, At(("limit:", 1), ("derived:", 2), ("train:", 3)), Cancellation);
        Assert.Equal((first + 3, 3), (RunPlan.Read(Folder).SearchSeconds, RunPlan.Read(Folder).TrainSeconds));

        // Nothing is left of search and training; what the opening takes goes to the stage that follows it.
        ProxylessRun.RunBy(_time, options, At(("limit:", 4)), Cancellation);
        Assert.Equal((first + 3, 7), (RunPlan.Read(Folder).SearchSeconds, RunPlan.Read(Folder).TrainSeconds));
    }

    /// <summary>Lets seconds pass at messages.</summary>
    private MessageObserver At(params (string Beginning, long Seconds)[] moments) =>
        new(text =>
            _time.Seconds += moments
                .Where(moment => text.StartsWith(moment.Beginning, StringComparison.Ordinal))
                .Sum(moment => moment.Seconds)
        );
}
