using System.Globalization;
using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests.Measurement;

public sealed class RunQueueTests
{
    [Theory]
    [InlineData(0, 5, 9, 5)]
    [InlineData(2, 5, 0, 3)]
    [InlineData(2, 5, 0.5, 3.5)]
    [InlineData(7, 5, 6, 4)]
    [InlineData(1, 5, 6, 5)]
    public void What_was_waited_around_a_run_is_not_taken_from_it(
        double waited,
        double elapsed,
        double around,
        double expected
    ) => Assert.Equal(expected, RunQueue.Without(waited, elapsed, around), 1e-12);

    [Fact]
    public void The_wait_is_the_one_that_the_system_counts_for_this_thread()
    {
        Assert.SkipUnless(RunQueue.IsKnown, "this system does not count the wait for a processor");
        double before = RunQueue.WaitedMs();
        string[] counters = File.ReadAllText("/proc/thread-self/schedstat").Split(' ');
        double after = RunQueue.WaitedMs();
        Assert.InRange(long.Parse(counters[1], CultureInfo.InvariantCulture) / 1e6, before, after);
    }
}
