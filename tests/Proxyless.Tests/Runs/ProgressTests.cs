using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class ProgressTests
{
    [Fact]
    public void A_detail_is_made_where_it_is_shown_alone()
    {
        var observer = new Reports { ProgressInterval = TimeSpan.FromDays(1000) };
        var progress = new Progress(observer, "search", 0, 100);
        int made = 0;
        for (int step = 1; step <= 100; step++)
        {
            progress.Report(step, () => $"made {++made} times");
        }

        // The first and the last.
        Assert.Equal(["made 1 times", "made 2 times"], observer.All.Select(report => report.Detail));
        Assert.Equal(2, made);
    }

    [Fact]
    public void What_takes_less_than_its_silence_is_not_reported()
    {
        var observer = new Reports();
        var quiet = new Progress(observer, "read", 0, 10, TimeSpan.FromDays(1));
        quiet.Report(5, "");
        quiet.Report(10, "");
        Assert.Empty(observer.All);

        var said = new Progress(observer, "read", 0, 10);
        said.Report(5, "half");
        said.Report(10, "all");
        Assert.Equal(
            [(5, 10L, "half"), (10, 10L, "all")],
            observer.All.Select(report => (report.Done, report.Total!.Value, report.Detail))
        );
    }

    [Fact]
    public void Without_a_total_there_is_no_last_report_and_no_time_left()
    {
        var observer = new Reports();
        var progress = new Progress(observer, "download", 0, null);
        progress.Report(long.MaxValue, "");
        Assert.Equal((null, null), (Assert.Single(observer.All).Total, observer.All[0].Remaining));
    }

    [Fact]
    public void The_time_left_is_between_those_of_the_fastest_and_the_slowest_quarter()
    {
        var history = new PaceHistory();
        Assert.Null(history.Remaining(100));

        // 1, 2, 4 and 2 units a second, each for 1,000 seconds: many more points than are kept.
        double done = 0;
        for (int second = 1; second <= 4000; second++)
        {
            done += ((second - 1) / 1000) switch
            {
                0 => 1,
                2 => 4,
                _ => 2,
            };
            history.Add(TimeSpan.FromSeconds(second), (long)done);
        }

        (TimeSpan least, TimeSpan most) = history.Remaining(8000)!.Value;
        Assert.Equal(2000, least.TotalSeconds, 8000 * 0.01);
        Assert.Equal(8000, most.TotalSeconds, 8000 * 0.02);
    }

    [Fact]
    public void Where_nothing_was_done_in_a_quarter_no_range_is_told()
    {
        var history = new PaceHistory();
        for (int second = 1; second <= 40; second++)
        {
            history.Add(TimeSpan.FromSeconds(second), Math.Min(second, 10));
        }

        Assert.Null(history.Remaining(8000));
    }

    private sealed class Reports : IRunObserver
    {
        public List<RunProgress> All { get; } = [];

        public TimeSpan ProgressInterval { get; init; } = TimeSpan.Zero;

        public void Progress(RunProgress progress) => All.Add(progress);

        public void Message(string text) { }

        public void Warning(string text) { }
    }
}
