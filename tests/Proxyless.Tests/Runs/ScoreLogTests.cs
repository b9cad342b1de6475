using Proxyless.Files;
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

        var later = new ScoreLog(file, JsonLines.Read<SharedScore>(file));
        Assert.Equal([9, 1, 2], later.Scores.Select(score => score.Loss));
        Assert.Equal(2, later.Of([1, 0], "a", Make).Loss);
        Assert.Equal(2, made);

        // A limit begins with what was known when it was first decided: decided again, it goes the same way.
        Assert.Equal([9], later.KnownTo("a").Select(score => score.Loss));
        Assert.Equal([9, 1], later.KnownTo("b").Select(score => score.Loss));
        Assert.Equal([9, 1, 2], later.KnownTo("c").Select(score => score.Loss));
    }

    [Fact]
    public void A_limit_is_decided_by_all_scores_but_those_that_were_made_while_limits_were_decided()
    {
        var log = new ScoreLog(
            file: null,
            [
                new SharedScore([0], 1, 0.5, "a"),
                new SharedScore([1], 2, 0.5, "b"),
                new SharedScore([2], 3, 0.5, "front of a"),
                new SharedScore([3], 4, 0.5, "b, further"),
                new SharedScore([4], 5, 0.5, "c"),
            ]
        );
        Assert.Equal([1, 2, 3], log.DecidedBy("a").Select(score => score.Loss));
        Assert.Equal([1, 2, 3], log.DecidedBy("b").Select(score => score.Loss));
        Assert.Equal([1, 2, 3, 4, 5], log.DecidedBy("b, further").Select(score => score.Loss));
        Assert.Equal([1, 2, 3, 4, 5], log.DecidedBy("c").Select(score => score.Loss));

        // Nothing new was to be scored for it.
        Assert.Equal([1, 2, 3, 4, 5], log.DecidedBy("d").Select(score => score.Loss));
    }
}
