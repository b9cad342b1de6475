using CsCheck;
using Proxyless.Runtime;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Training;

public sealed class TrainingPartsTests
{
    [Fact]
    public void The_rate_rises_to_its_peak_and_falls_to_nothing()
    {
        var schedule = new CosineSchedule(0.4, 100, 10);
        Assert.Equal(0.04, schedule.At(0), 1e-12);
        Assert.Equal(0.4, schedule.At(9), 1e-12);
        Assert.Equal(0.4, schedule.At(10), 1e-12);
        Assert.Equal(0.2, schedule.At(55), 1e-12);
        Assert.Equal(0, schedule.At(100), 1e-12);
        Assert.All(Enumerable.Range(10, 89), step => Assert.True(schedule.At(step + 1) < schedule.At(step)));
    }

    [Fact]
    public void Top_1_and_top_5_equal_a_sort() =>
        Gen.Int[0, 4]
            .Array[8]
            .Array[1, 20]
            .Sample(rows =>
            {
                var accuracy = new TopAccuracy();
                int first = 0;
                int five = 0;
                for (int i = 0; i < rows.Length; i++)
                {
                    float[] scores = [.. rows[i].Select(value => (float)value)];
                    int label = i % 8;
                    int[] order = [.. Enumerable.Range(0, 8).OrderByDescending(j => scores[j]).ThenBy(j => j)];
                    first += order[0] == label ? 1 : 0;
                    five += order.Take(5).Contains(label) ? 1 : 0;
                    accuracy.Add(scores, label);
                }

                Assert.Equal((double)first / rows.Length, accuracy.Top1, 1e-12);
                Assert.Equal((double)five / rows.Length, accuracy.Top5, 1e-12);
            });

    [Fact]
    public void An_image_whose_scores_are_not_numbers_is_wrong()
    {
        var accuracy = new TopAccuracy();
        accuracy.Add([float.NaN, float.NaN], 0);
        Assert.Equal(0, accuracy.Top1);
    }

    [Fact]
    public void Seeds_depend_on_every_part_of_the_place()
    {
        ulong here = SeedSequence.Mix(1, RandomUse.WeightPaths, 5);
        Assert.Equal(here, SeedSequence.Mix(1, RandomUse.WeightPaths, 5));
        Assert.NotEqual(here, SeedSequence.Mix(2, RandomUse.WeightPaths, 5));
        Assert.NotEqual(here, SeedSequence.Mix(1, RandomUse.ArchitecturePaths, 5));
        Assert.NotEqual(here, SeedSequence.Mix(1, RandomUse.WeightPaths, 6));
    }
}
