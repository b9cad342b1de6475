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
    [InlineData(null, 0.0, 0.0)]
    [InlineData(2.0, 0.0, 0.0)]
    [InlineData(null, 7.0, -40.0)]
    [InlineData(10.0, 7.0, -40.0)]
    public void A_table_by_which_networks_take_no_time_or_less_is_refused(double? limit, double time, double offset)
    {
        RunOptions options = FinishedRun.OptionsIn(_folder).WithTarget(target => target with { LatencyMs = limit });
        var context = RunContext.Open(options, NullRunObserver.Instance, Cancellation);
        using var timer = new TimerOfFunction("board", (_, _) => 1);
        LatencyTable table = Table(context, timer, _ => time, offset);
        var refused = Assert.Throws<InvalidInputException>(() => SearchGoal.Of(context, timer, table));
        Assert.Contains("the latency table of 'board'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("times are over 0", refused.Message, StringComparison.Ordinal);
        Assert.Equal(offset < 0, refused.Message.Contains("offset is -40 ms", StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_by_which_the_fastest_network_takes_no_time_is_accepted()
    {
        var context = RunContext.Open(FinishedRun.OptionsIn(_folder), NullRunObserver.Instance, Cancellation);
        using var timer = new TimerOfFunction("board", (_, _) => 1);
        LatencyTable table = Table(
            context,
            timer,
            key => key.StartsWith("mb3e6 ", StringComparison.Ordinal) ? 1 : 0,
            offset: 0
        );
        SearchGoal goal = SearchGoal.Of(context, timer, table);
        Assert.Equal(0, goal.Latency.Cost.Smallest);
        Assert.True(goal.LatencyMs > 0);
    }

    [Fact]
    public void Limits_that_no_network_meets_together_are_refused_even_if_means_of_networks_meet_them()
    {
        var context = RunContext.Open(FinishedRun.OptionsIn(_folder), NullRunObserver.Instance, Cancellation);
        using var timer = new TimerOfFunction("board", (_, _) => 1);

        // The blocks with the most parameters take the least time.
        LatencyTable table = Table(
            context,
            timer,
            key => key.StartsWith("mb3e6 ", StringComparison.Ordinal) ? 1 : 10,
            offset: 0
        );
        SpaceCost latency = table.ToSpaceCost(context.Space, context.Classes);
        SpaceCost parameters = SpaceCost.Parameters(context.Space, context.Classes);
        (double Milliseconds, double Parameters)[] networks =
        [
            .. Choices(context.Space).Select(choice => (latency.Of(choice), parameters.Of(choice))).Distinct().Order(),
        ];
        (double Milliseconds, double Parameters) fastest = networks[0];
        (double Milliseconds, double Parameters) next = networks.First(one => one.Parameters < fastest.Parameters);
        RunContext Within(double milliseconds, double most) =>
            context with
            {
                Options = context.Options.WithTarget(target =>
                    target with
                    {
                        LatencyMs = milliseconds,
                        MaxParameters = (long)most,
                    }
                ),
            };

        // Each of the two is over one of these limits, and their mean is within both.
        RunContext between = Within(next.Milliseconds - 0.1, fastest.Parameters - 1);
        var refused = Assert.Throws<LimitNotMetException>(() => SearchGoal.Of(between, timer, table));
        Assert.Contains("no network of the space meets all of them", refused.Message, StringComparison.Ordinal);
        Assert.Equal(
            next.Milliseconds,
            SearchGoal.Of(Within(next.Milliseconds, fastest.Parameters - 1), timer, table).LatencyMs
        );
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

    private static LatencyTable Table(
        RunContext context,
        TimerOfFunction target,
        Func<string, double> time,
        double offset
    ) =>
        SmallSpace.Table() with
        {
            Target = target.Name,
            Entries = SpaceParts
                .Keys(context.Space, context.Classes)
                .ToDictionary(key => key, key => new LatencyEntry(time(key), 0)),
            Calibration = new LatencyCalibration(1, offset, 0, 0, 0),
        };

    private static IEnumerable<int[]> Choices(SearchSpace space) =>
        space
            .Blocks()
            .Aggregate(
                (IEnumerable<int[]>)
                    [
                        [],
                    ],
                (choices, block) =>
                    choices.SelectMany(choice =>
                        Enumerable.Range(0, block.Candidates.Count).Select(j => (int[])[.. choice, j])
                    )
            );
}
