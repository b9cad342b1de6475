using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Networks are kept because of a reading, so the reading must not be a lucky one.</summary>
[Collection(nameof(WholeRuns))]
public sealed class MeasuredDerivationTests
{
    private const double Limit = 10;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(9.5, 11, 9.5, 1)]
    [InlineData(9.8, 10.1, 10.1, 2)]
    [InlineData(9.8, 9.75, 9.8, 2)]
    [InlineData(10.1, 9.8, 10.1, 1)]
    public void Of_a_network_that_is_just_within_the_limit_the_slower_of_two_readings_counts(
        double first,
        double second,
        double expected,
        int measured
    )
    {
        using var target = new TimerOfReadings(first, second);
        LatencyTable table = SmallSpace.Table();
        var latency = new CostLimit(table.ToSpaceCost(SmallSpace.Space, SmallSpace.Classes), Limit);
        MeasuredChoice choice = new MeasuredDerivation(
            SmallSpace.Space,
            SmallSpace.Classes,
            new SearchGoal(target, table, new SearchLimits(latency)),
            NullRunObserver.Instance
        ).Measure([1, 0, 2], 9, Cancellation);
        Assert.Equal(expected, choice.MeasuredMs);
        Assert.Equal(measured, target.Measured);
    }

    /// <summary>By the table it takes 7 ms, a millisecond for each part.</summary>
    [Theory]
    [InlineData(6.9, 6.5, true)]
    [InlineData(6.9, 6.95, false)]
    [InlineData(6.6, 6.5, false)]
    public void A_pretrained_network_stays_whole_if_it_is_measured_within_a_limit_that_the_table_is_just_over(
        double limit,
        double reading,
        bool isWhole
    )
    {
        using var folder = new TemporaryFolder();
        var small = new SmallPretrained(folder);
        RunOptions options = FinishedRun.OptionsIn(folder) with
        {
            Search = new(),
            Target = new() { LatencyMs = limit },
            Training = new() { Weights = small.Weights },
            Threads = 1,
        };
        PretrainedNetwork known = FineTuneOpening.NetworkOf(options, small.Network);
        RunContext context = FineTuneOpening.OpenImages(
            options,
            known,
            before: null,
            new RunClock(TimeProvider.System),
            NullRunObserver.Instance,
            Cancellation
        );
        using CompactNetwork whole = FineTuneOpening.Load(known, context);
        context = FineTuneStage.ContextOf(context.SpannedBy(FineTuneOpening.SizedFor(context, known)));
        using var target = new TimerOfReadings(reading, reading, 5);
        ImageSet images = FineTuneStage.ImagesOf(context);
        SpecializedNetwork found = new NetworkSpecializer(context, whole, new SpannedTables(target)).Find(
            images,
            [.. Enumerable.Range(0, images.Count)],
            whole.Blocks.Count + 1
        );
        using CompactNetwork network = found.Network;
        Architecture full = small.At(2 * SmallPretrained.HalfSide);
        Assert.Equal(
            isWhole,
            network.Architecture.Resolution == full.Resolution && network.Architecture.Blocks.SequenceEqual(full.Blocks)
        );
        if (isWhole)
        {
            Assert.Equal(reading, found.Chosen.MeasuredMs);
            Assert.Equal(1, target.Measured);
        }
    }

    [Fact]
    public void A_network_whose_parts_take_no_time_by_the_table_is_derived()
    {
        using var folder = new TemporaryFolder();
        SearchSpace space = SmallSpace.Space;
        string slow = space.Blocks()[0].Candidates[1].Key;
        string file = Path.Combine(folder.Root, "zeros.csv");
        File.WriteAllLines(
            file,
            SpaceParts
                .Keys(space, SmallSpace.Classes)
                .Select(key => $"{key},{(key == slow ? 5 : 0)}")
                .Prepend("part,milliseconds")
        );
        using var target = new TableTarget("zeros", file, batch: 1);
        LatencyTable table = target.TableOf(space, SmallSpace.Classes, NullRunObserver.Instance);

        // The likeliest network has the slow candidate.
        double[][] probabilities =
        [
            .. space
                .Blocks()
                .Select(block => block.Candidates.Select((_, j) => j == 1 ? 0.7 : 0.3 / (block.Candidates.Count - 1)))
                .Select(block => block.ToArray()),
        ];
        MeasuredChoice derived = new MeasuredDerivation(
            space,
            SmallSpace.Classes,
            new SearchGoal(
                target,
                table,
                new SearchLimits(new CostLimit(table.ToSpaceCost(space, SmallSpace.Classes), 3))
            ),
            NullRunObserver.Instance
        ).Derive(probabilities, Cancellation);
        Assert.Equal((0, 0), (derived.PredictedMs, derived.MeasuredMs));
        Assert.Equal([1, 1], derived.Choice[1..]);
        Assert.NotEqual(1, derived.Choice[0]);
    }
}
