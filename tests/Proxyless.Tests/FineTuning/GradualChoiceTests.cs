using Proxyless.Architectures;
using Proxyless.FineTuning;
using Proxyless.Search;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.FineTuning;

/// <summary>The choice in rounds, and the errors that it is made by.</summary>
public sealed class GradualChoiceTests : IDisposable
{
    private readonly SmallNetwork _small = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _small.Dispose();

    [Fact]
    public void All_errors_beside_a_choice_are_those_of_the_networks()
    {
        using SpannedNetwork spanned = _small.Span();
        int[] choice = Narrow(spanned);
        IReadOnlyList<double[]> errors = spanned.ErrorsBeside(choice, Cancellation);
        for (int i = 0; i < choice.Length; i++)
        {
            for (int j = 0; j < errors[i].Length; j++)
            {
                int[] other = [.. choice];
                other[i] = j;
                Assert.Equal(spanned.ErrorOf(other), errors[i][j], 1e-5);
            }
        }
    }

    /// <summary>Against every network of the space.</summary>
    [Theory]
    [InlineData(0.4)]
    [InlineData(0.6)]
    [InlineData(0.8)]
    [InlineData(1)]
    public void The_choice_is_within_the_limit_and_nearly_the_best_there(double share)
    {
        using SpannedNetwork spanned = _small.Span();
        var cost = SpaceCost.MultiplyAdds(spanned.Super.Space, SmallSpace.Classes);
        double whole = cost.Of(new int[_small.Network.Blocks.Count]);
        var limit = new CostLimit(cost, cost.Smallest + (share * (whole - cost.Smallest)));
        int steps = 0;
        var found = GradualChoice.Find(spanned, [limit], done => steps = done, Cancellation);
        Assert.InRange(steps, 1, GradualChoice.MostSteps);
        Assert.InRange(cost.Of(found.Choice), 0, limit.LimitOfSums);
        double best = Choices([.. spanned.Super.Blocks.Select(block => block.Candidates.Count)])
            .Where(choice => cost.Of(choice) <= limit.LimitOfSums)
            .Min(spanned.ErrorOf);
        Assert.InRange(spanned.ErrorOf(found.Choice), best - 1e-9, (1.1 * best) + 1e-9);

        // What is handed on to the measurement gives the same choice.
        Assert.Equal(
            found.Choice,
            ArchitectureDerivation.TryMaximize(
                [.. found.Errors.Select(block => block.Select(error => -error).ToArray())],
                [limit],
                Cancellation
            )
        );
    }

    private static IEnumerable<int[]> Choices(int[] counts) =>
        counts.Aggregate(
            (IEnumerable<int[]>)
                [
                    [],
                ],
            (some, count) => some.SelectMany(choice => Enumerable.Range(0, count).Select(j => (int[])[.. choice, j]))
        );

    /// <summary>Half of the hidden channels in every block that has so many.</summary>
    private static int[] Narrow(SpannedNetwork spanned) =>
        [
            .. spanned
                .Super.Space.Blocks()
                .Select(block =>
                {
                    CandidateOperation half = block.Candidates[0].Operation with { Expansion = 3 };
                    return Math.Max(0, block.Candidates.ToList().FindIndex(one => one.Operation == half));
                }),
        ];
}
