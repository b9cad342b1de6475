using Proxyless.Runs;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Runs;

public class TrialComparisonTests
{
    private const int Parts = 3;
    private const int ImagesOfPart = 6;

    /// <summary>Each letter is a part: all its images right (R), wrong (W), or every other one right (H).</summary>
    [Theory]
    [InlineData("WWW", "RRR", true, true, 3, true)]
    [InlineData("WWW", "RRR", true, false, 1, true)]
    [InlineData("RWW", "WRR", true, true, 1, false)]
    [InlineData("RWW", "WRR", false, false, 1, false)]
    [InlineData("RRR", "RRR", false, true, 0, false)]
    [InlineData("HRR", "RRR", true, true, 0, false)]
    [InlineData("HRR", "RRR", false, true, 3, true)]
    [InlineData("RHR", "HRR", false, true, 1, false)]
    [InlineData("HHH", "HHH", false, true, 3, false)]
    public void Parts_are_tried_until_the_choice_is_known(
        string classifier,
        string training,
        bool needsProof,
        bool completes,
        int tried,
        bool isTrained
    )
    {
        ImageAnswer?[] answers = AnswersOf(training);
        var judged = new List<int>();
        var compared = TrialComparison.Of(
            [.. Enumerable.Range(0, Parts * ImagesOfPart).Chunk(ImagesOfPart)],
            AnswersOf(classifier),
            needsProof,
            completes,
            part =>
            {
                judged.Add(part);
                return answers;
            }
        );

        Assert.Equal(Enumerable.Range(0, tried), judged);
        Assert.Equal(tried * ImagesOfPart, compared.Images);
        Assert.Equal(tried == Parts, compared.IsComplete);
        Assert.Equal(isTrained, compared.IsTrained);
    }

    private static ImageAnswer?[] AnswersOf(string parts) =>
        [
            .. parts.SelectMany(part =>
                Enumerable.Range(0, ImagesOfPart).Select(i => Answer(part == 'R' || (part == 'H' && i % 2 == 0)))
            ),
        ];

    private static ImageAnswer Answer(bool isRight) => new("image", 0, isRight ? 0 : 1, 1, 0);
}
