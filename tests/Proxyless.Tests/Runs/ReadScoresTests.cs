using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Scores that somebody has changed, or that are of another space than the one that is read now.</summary>
public sealed class ReadScoresTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private RunDirectory Folder => new(_folder.Root);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Scores_of_the_space_are_read()
    {
        IReadOnlyList<SharedScore> scores = Read(new SharedScore([2, 3, 2], 0.25, 0.75, "box"));
        Assert.Equal(2, scores.Count);
        Assert.Equal("2,3,2", string.Join(',', scores[1].Choice));
        Assert.Equal((0.25, 0.75, "box"), (scores[1].Loss, scores[1].Top1, scores[1].For));
    }

    [Theory]
    [InlineData("1,3", 0.5, 0.5, "has 3 blocks, the choice has 2")]
    [InlineData("1,3,4", 0.5, 0.5, "there is no number 4")]
    [InlineData("1,-1,2", 0.5, 0.5, "there is no number -1")]
    [InlineData("1,3,2", double.NaN, 0.5, "a loss of NaN")]
    [InlineData("1,3,2", 0.5, double.PositiveInfinity, "a top-1 of Infinity")]
    public void A_line_that_is_no_score_of_the_space_is_refused_by_its_number(
        string choice,
        double loss,
        double top1,
        string named
    )
    {
        var score = new SharedScore([.. choice.Split(',').Select(int.Parse)], loss, top1);
        var refused = Assert.Throws<InvalidInputException>(() => Read(score));
        Assert.StartsWith($"{Folder.Scores}, line 2: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("; remove the line", refused.Message, StringComparison.Ordinal);
    }

    private IReadOnlyList<SharedScore> Read(SharedScore second)
    {
        JsonLines.Write(Folder.Scores, [new SharedScore([1, 3, 2], 0.5, 0.5), second]);
        return new RunStore(Folder).ReadScores(SmallSpace.Space);
    }
}
