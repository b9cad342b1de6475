using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class SearchGoalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ProfileMode.Quick, false, false, true)]
    [InlineData(ProfileMode.Quick, true, false, false)]
    [InlineData(ProfileMode.Thorough, true, false, true)]
    [InlineData(ProfileMode.Thorough, false, false, true)]
    [InlineData(ProfileMode.Quick, true, true, true)]
    public void A_quick_table_of_an_earlier_run_is_not_thorough_and_a_run_goes_on_with_its_own(
        ProfileMode made,
        bool thorough,
        bool resume,
        bool isUsed
    )
    {
        var options = new RunOptions
        {
            Target = new() { Thorough = thorough },
            Resume = resume,
        };
        Assert.Equal(isUsed, SearchGoal.IsCarefulEnough(SmallSpace.Table(made), options));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(2.0)]
    public void A_table_by_which_networks_take_no_time_is_refused(double? limit)
    {
        RunOptions options = FinishedRun.OptionsIn(_folder).WithTarget(target => target with { LatencyMs = limit });
        var context = RunContext.Open(options, NullRunObserver.Instance, Cancellation);
        using var timer = new TimerOfFunction("board", (_, _) => 1);
        LatencyTable table = SmallSpace.Table() with
        {
            Target = timer.Name,
            Entries = SpaceParts
                .Keys(context.Space, context.Classes)
                .ToDictionary(key => key, _ => new LatencyEntry(0, 0)),
            Calibration = new LatencyCalibration(1, 0, 0, 0, 0),
        };
        var refused = Assert.Throws<InvalidInputException>(() => SearchGoal.Of(context, timer, table));
        Assert.Contains("the latency table of 'board'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("times are over 0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_of_an_earlier_run_with_a_reference_of_another_space_is_refused_by_its_file()
    {
        var context = RunContext.Open(FinishedRun.OptionsIn(_folder), NullRunObserver.Instance, Cancellation);
        using var timer = new TimerOfFunction("board", (_, _) => 1);
        var before = new RunDirectory(Path.Combine(_folder.Root, "before"));
        LatencyTableFile.Write(before.Latency, SmallSpace.Table() with { TargetId = timer.Id });
        var refused = Assert.Throws<InvalidInputException>(() => SearchGoal.TableOf(context, timer, before));
        Assert.Contains(before.Latency, refused.Message, StringComparison.Ordinal);
        Assert.Contains("remove the file", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before.Latency, refused.File);
    }
}
