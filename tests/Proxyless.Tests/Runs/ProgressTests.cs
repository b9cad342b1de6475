using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class ProgressTests
{
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
            observer.All.Select(report => (report.Done, report.Total!.Value, report.Detail)));
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

        public TimeSpan ProgressInterval => TimeSpan.Zero;

        public void Progress(RunProgress progress) => All.Add(progress);

        public void Message(string text)
        {
        }

        public void Warning(string text)
        {
        }
    }
}
