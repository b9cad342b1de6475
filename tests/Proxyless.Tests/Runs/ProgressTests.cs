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

    private sealed class Reports : IRunObserver
    {
        public List<RunProgress> All { get; } = [];

        public TimeSpan ProgressInterval { get; init; } = TimeSpan.Zero;

        public void Progress(RunProgress progress) => All.Add(progress);

        public void Message(string text) { }

        public void Warning(string text) { }
    }
}
