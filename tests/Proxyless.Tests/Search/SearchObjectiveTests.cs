using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class SearchObjectiveTests
{
    private static readonly CostLimit Latency = new(
        new SpaceCost(
            "latency",
            "ms",
            0,
            [
                [1, 2],
            ]
        ),
        1.25
    );

    [Theory]
    [InlineData(ObjectiveKind.Linear, 1.5)]
    [InlineData(ObjectiveKind.Log, 1.5)]
    [InlineData(ObjectiveKind.Budget, 1.5)]
    [InlineData(ObjectiveKind.Budget, 1.2)]
    [InlineData(ObjectiveKind.Budget, 0.5)]
    [InlineData(ObjectiveKind.Equality, 1.5)]
    [InlineData(ObjectiveKind.Equality, 0.5)]
    public void Slopes_equal_finite_differences(ObjectiveKind kind, double expected)
    {
        const double Step = 1e-6;
        var objective = new SearchObjective(kind, new SearchLimits(Latency), 0.6, 100);
        objective.Ascend([1.25 * 1.05]);
        ObjectivePoint point = objective.At(2, [expected]);
        double multiplier = objective.Multipliers[0];

        // CE + lambda v; 0.2 CE (log E / log T)^beta in microseconds; CE + (max(0, lambda + rho v)^2 - lambda^2) / (2
        // rho) with rho = 2.
        double Value(double loss, double cost) =>
            kind switch
            {
                ObjectiveKind.Linear => loss + (0.6 * ((cost / 1.25) - 1)),
                ObjectiveKind.Log => 0.2 * loss * Math.Pow(Math.Log(1000 * cost) / Math.Log(1250), 0.6),
                ObjectiveKind.Budget => loss
                    + (
                        (Math.Pow(Math.Max(0, multiplier + (2 * ((cost / 1.25) - 1))), 2) - (multiplier * multiplier))
                        / 4
                    ),
                _ => loss,
            };
        Assert.Equal(
            (Value(2 + Step, expected) - Value(2 - Step, expected)) / (2 * Step),
            point.CrossEntropySlope,
            1e-5
        );
        Assert.Equal((Value(2, expected + Step) - Value(2, expected - Step)) / (2 * Step), point.CostSlopes[0], 1e-5);
    }

    [Fact]
    public void The_log_objective_holds_at_and_under_one_millisecond()
    {
        var objective = new SearchObjective(
            ObjectiveKind.Log,
            new SearchLimits(Latency with { Limit = 0.5 }),
            0.6,
            100
        );
        Assert.True(objective.At(2, [1.0]).CostSlopes[0] > 0);
        Assert.True(double.IsFinite(objective.At(2, [0.5]).CrossEntropySlope));
    }

    /// <summary>The logarithms of less than a microsecond are negative.</summary>
    [Fact]
    public void The_log_objective_refuses_a_limit_without_a_positive_logarithm_and_stays_finite()
    {
        SearchObjective Of(double limit) =>
            new(ObjectiveKind.Log, new SearchLimits(Latency with { Limit = limit }), 0.6, 100);
        var refused = Assert.Throws<InvalidInputException>(() => Of(0.001));
        Assert.Contains("TargetOptions.LatencyMs = 0.001", refused.Message, StringComparison.Ordinal);
        ObjectivePoint point = Of(0.002).At(2, [0.0005]);
        Assert.True(double.IsFinite(point.CrossEntropySlope) && double.IsFinite(point.CostSlopes[0]));
    }

    [Fact]
    public void The_budget_multiplier_rises_over_the_limit_falls_under_it_and_is_never_negative()
    {
        var objective = new SearchObjective(ObjectiveKind.Budget, new SearchLimits(Latency), 0, 100);
        objective.Ascend([1.0]);
        Assert.Equal(0, objective.Multipliers[0]);
        for (int i = 0; i < 10; i++)
        {
            objective.Ascend([1.25 * 1.1]);
        }

        Assert.Equal(1, objective.Multipliers[0], 1e-9);
        objective.Ascend([1.25 * 0.9]);
        Assert.Equal(0.9, objective.Multipliers[0], 1e-9);
    }

    [Fact]
    public void The_baseline_is_read_before_it_moves()
    {
        var baseline = new RewardBaseline();
        Assert.Equal(0.5, baseline.Before([0.4, 0.6]), 1e-12);
        baseline.Update([0.4, 0.6]);
        Assert.Equal(0.5, baseline.Before([1, 1]), 1e-12);
        baseline.Update([1, 1]);
        Assert.Equal(0.505, baseline.Before([0]), 1e-12);
    }
}
