using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class SearchGoalTests
{
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
}
