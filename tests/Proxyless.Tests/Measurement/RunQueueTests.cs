using System.Globalization;
using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests.Measurement;

public sealed class RunQueueTests
{
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
