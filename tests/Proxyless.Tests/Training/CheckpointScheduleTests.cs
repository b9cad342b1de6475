using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Training;

public sealed class CheckpointScheduleTests
{
    [Theory]
    [InlineData(10, true, false)]
    [InlineData(40, true, true)]
    [InlineData(40, false, false)]
    [InlineData(301, false, true)]
    public void A_checkpoint_is_due_by_the_time_since_the_last_one(int seconds, bool atEpochEnd, bool due)
    {
        var clock = new ManualClock();
        var schedule = new CheckpointSchedule(clock);
        clock.Seconds = 1000;
        Assert.True(schedule.IsDue(atEpochEnd));
        schedule.Saved();
        clock.Seconds += seconds;
        Assert.Equal(due, schedule.IsDue(atEpochEnd));
    }
}
