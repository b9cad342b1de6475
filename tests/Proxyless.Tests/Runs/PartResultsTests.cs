using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class PartResultsTests
{
    private static readonly SpaceCost Cost = new(
        SpaceCost.LatencyQuantity,
        "ms",
        1,
        [
            [0, 1],
        ]
    );

    [Fact]
    public void Tighter_limits_of_a_target_come_first_with_their_results_and_all_results_keep_their_order()
    {
        using var board = new TimerOfFunction("board", (_, _) => 1);
        using var phone = new TimerOfFunction("phone", (_, _) => 1);
        SearchPart[] parts =
        [
            Part(board, 5),
            Part(phone, 9),
            Part(board, 3),
            Part(board, 2),
            Part(board, 8),
            Part(phone, 4),
        ];
        var order = new List<string>();
        IReadOnlyList<PartResult<string>> results = PartResults
            .Each(parts, part => FailingAt(2, part))
            .ThenFromTightest<string, string>(
                (part, name, tighter) =>
                {
                    order.Add($"{name} after {tighter ?? "none"}");
                    return FailingAt(5, part);
                }
            );
        Assert.Equal(
            [
                "board 3 after none",
                "board 5 after board 3",
                "board 8 after board 3",
                "phone 4 after none",
                "phone 9 after phone 4",
            ],
            order
        );
        Assert.Equal(parts, results.Select(result => result.Part));
        Assert.Equal([null, "phone 9", "board 3", null, "board 8", "phone 4"], results.Select(result => result.Value));
        Assert.Equal(
            ["board 5 has failed", "board 2 has failed"],
            results.Select(result => result.Failure?.Message).OfType<string>()
        );
    }

    private static SearchPart Part(ITarget target, double limit) =>
        new(null!, null!, new SearchGoal(target, null!, new SearchLimits(new CostLimit(Cost, limit))));

    private static string FailingAt(double limit, SearchPart part)
    {
        string name = $"{part.Goal.Target.Name} {part.Goal.LatencyMs}";
        return part.Goal.LatencyMs == limit ? throw new InvalidInputException($"{name} has failed") : name;
    }
}
