using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class ProgressTests
{
    [Fact]
    public void A_detail_is_made_where_it_is_shown_alone()
    {
        var observer = new Seldom();
        var progress = new Progress(observer, "search", 0, 100);
        int made = 0;
        for (int step = 1; step <= 100; step++)
        {
            progress.Report(step, () => $"made {++made} times");
        }

        // The first and the last.
        Assert.Equal(["made 1 times", "made 2 times"], observer.Details);
        Assert.Equal(2, made);
    }

    private sealed class Seldom : IRunObserver
    {
        public List<string> Details { get; } = [];

        public TimeSpan ProgressInterval => TimeSpan.FromDays(1000);

        public void Progress(RunProgress progress) => Details.Add(progress.Detail);

        public void Message(string text)
        {
        }

        public void Warning(string text)
        {
        }
    }
}
