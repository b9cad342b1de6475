using Proxyless.Cli.Output;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class EpochTableTests
{
    private static readonly RunEpoch Search = new()
    {
        Stage = RunEpoch.SearchStage,
        Run = "runs/photos",
        Epoch = 7,
        Step = 280,
        Steps = 800,
        TrainLoss = 1.23456,
        ValidationLoss = 1.5,
        Top1 = 0.531,
        ExpectedLatencyMs = 0.07152,
        LatencyLimitMs = 0.0715,
        RelativeEntropy = 0.83,
        MostProbable = "3e6 5x3 - 7e3",
        ImagesPerSecond = 812.4,
        Remaining = TimeSpan.FromMinutes(150),
    };

    private static readonly RunEpoch Training = new()
    {
        Stage = RunEpoch.TrainingStage,
        Run = "runs/photos",
        Epoch = 1,
        Step = 40,
        Steps = 4000,
        TrainLoss = 2.30259,
        LearningRate = 0.05,
    };

    [Fact]
    public void A_search_has_a_header_a_row_for_each_epoch_and_the_most_probable_network_where_it_changes()
    {
        var table = new EpochTable();

        Assert.Equal(
            [
                "epoch   done    loss  held out   top-1       latency, ms  entropy  images/s        left",
                "    7   35 %   1.235     1.500  53.1 %  0.0715 of 0.0715     83 %       812  2 h 30 min",
                "  network 3e6 5x3 - 7e3",
            ],
            table.Add(Search, 200).Select(line => line.Text)
        );
        Assert.Equal(EpochLineKind.Row, Assert.Single(table.Add(Search with { Epoch = 8 }, 200)).Kind);
        Assert.Equal(2, table.Add(Search with { MostProbable = "3e6" }, 200).Count);
    }

    [Theory]
    [InlineData(0.0000412, 0.00005, " 4.1E-5 of 5.0E-5 ")]
    [InlineData(0.00412, 0.005, " 0.0041 of 0.0050 ")]
    [InlineData(0, 0.5, " 0.0000 of 0.500 ")]
    public void Short_latencies_have_digits_that_count(double latency, double limit, string shown)
    {
        RunEpoch epoch = Search with { ExpectedLatencyMs = latency, LatencyLimitMs = limit };
        Assert.Contains(shown, new EpochTable().Add(epoch, 200)[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_has_a_header_of_its_own_and_nothing_where_nothing_is_known()
    {
        var table = new EpochTable();
        table.Add(Search, 200);

        Assert.Equal(
            [
                "epoch   done    loss   top-1      rate  images/s        left",
                "    1    1 %   2.303              0.05                      ",
            ],
            table.Add(Training, 200).Select(line => line.Text)
        );
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public void No_line_is_wider_than_the_terminal_and_the_most_important_columns_stay(int width)
    {
        RunEpoch epoch = Search with { MostProbable = string.Join(' ', Enumerable.Repeat("3e6", 21)) };

        IReadOnlyList<EpochLine> lines = new EpochTable().Add(epoch, width);

        Assert.Equal(3, lines.Count);
        Assert.All(lines, line => Assert.True(line.Text.Length <= width, line.Text));
        Assert.StartsWith("epoch", lines[0].Text, StringComparison.Ordinal);
        Assert.Contains("loss", lines[0].Text, StringComparison.Ordinal);
        Assert.Equal(width >= 40, lines[0].Text.Contains("latency", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_of_several_targets_has_a_row_with_its_name_and_its_own_network()
    {
        var table = new EpochTable();
        RunEpoch phone = Search with { Target = "phone", MostProbable = "7e3" };
        RunEpoch board = Search with { Target = "board" };
        table.Add(phone, 200);
        table.Add(board, 200);

        Assert.EndsWith("phone", Assert.Single(table.Add(phone, 200)).Text, StringComparison.Ordinal);
        Assert.EndsWith("board", Assert.Single(table.Add(board, 200)).Text, StringComparison.Ordinal);
    }
}
