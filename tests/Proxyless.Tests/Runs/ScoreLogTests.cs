using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class ScoreLogTests
{
    [Fact]
    public void A_network_is_scored_once_also_by_a_later_job()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "scores.jsonl");
        int made = 0;
        SharedScore Make(int[] choice) => new(choice, Loss: ++made, Top1: 0.5);
        var log = new ScoreLog(file, [new SharedScore([0, 0], 9, 0.1)]);
        Assert.Equal(9, log.Of([0, 0], "a", Make).Loss);
        Assert.Equal(1, log.Of([0, 1], "a", Make).Loss);
        Assert.Equal(1, log.Of([0, 1], "a", Make).Loss);
        Assert.Equal(2, log.Of([1, 0], "b", Make).Loss);

        var later = new ScoreLog(file);
        Assert.Equal([9, 1, 2], later.Scores.Select(score => score.Loss));
        Assert.Equal(2, later.Of([1, 0], "a", Make).Loss);
        Assert.Equal(2, made);

        // A limit begins with what was known when it was first decided: decided again, it goes the same way.
        Assert.Equal([9], later.KnownTo("a").Select(score => score.Loss));
        Assert.Equal([9, 1], later.KnownTo("b").Select(score => score.Loss));
        Assert.Equal([9, 1, 2], later.KnownTo("c").Select(score => score.Loss));
    }
}
