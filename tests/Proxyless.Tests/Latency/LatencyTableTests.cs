using Proxyless.Architectures;
using Proxyless.Latency;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class LatencyTableTests
{
    private static readonly LatencyTable Table = SmallSpace.Table();

    [Fact]
    public void The_cost_of_every_choice_is_the_prediction_of_its_architecture()
    {
        SpaceCost cost = Table.ToSpaceCost(SmallSpace.Space, SmallSpace.Classes);
        foreach (int[] choice in AllChoices())
        {
            Assert.Equal(Table.Predict(SmallSpace.Network(choice)), cost.Of(choice), 1e-12);
        }
    }

    [Fact]
    public void A_block_that_vanished_costs_nothing()
    {
        Architecture with = SmallSpace.Network(0, 0, 0);
        Architecture without = SmallSpace.Network(0, 0, 3);
        Assert.True(without.Blocks[3].IsPassThrough);
        Assert.Equal(
            Table.Entries[with.Blocks[3].Key].Milliseconds * Table.Calibration.Scale,
            Table.Predict(with) - Table.Predict(without),
            1e-12
        );
    }

    [Fact]
    public void A_part_that_the_table_lacks_is_named()
    {
        Architecture larger = SmallSpace.Network(0, 0, 0).WithInput(32, 3, SmallSpace.Classes);
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() => Table.Predict(larger));
        Assert.Contains($"'{larger.Stem.Key}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_correction_multiplies_every_prediction()
    {
        LatencyTable corrected = Table.WithCorrection(1.3);
        foreach (int[] choice in AllChoices())
        {
            Architecture network = SmallSpace.Network(choice);
            Assert.Equal(1.3 * Table.Predict(network), corrected.Predict(network), 1e-12);
        }
    }

    [Fact]
    public void A_correction_that_is_no_ratio_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Table.WithCorrection(0));

    [Theory]
    [InlineData(3, 2, 1.5)]
    [InlineData(0, 0, 1)]
    [InlineData(3, 0, 1)]
    [InlineData(0, 3, 1)]
    [InlineData(3, -1, 1)]
    public void What_takes_no_time_corrects_nothing(double measured, double predicted, double ratio)
    {
        Assert.Equal(ratio, LatencyTable.CorrectionOf(measured, predicted));
        Table.WithCorrection(LatencyTable.CorrectionOf(measured, predicted));
    }

    private static IEnumerable<int[]> AllChoices()
    {
        IReadOnlyList<SearchBlock> blocks = SmallSpace.Space.Blocks();
        return from a in Enumerable.Range(0, blocks[0].Candidates.Count)
            from b in Enumerable.Range(0, blocks[1].Candidates.Count)
            from c in Enumerable.Range(0, blocks[2].Candidates.Count)
            select new[] { a, b, c };
    }
}
