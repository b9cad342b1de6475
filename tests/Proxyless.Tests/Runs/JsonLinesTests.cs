using Proxyless.Files;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class JsonLinesTests : IDisposable
{
    private const string Twice =
        """{"epoch":1,"epoch":2,"train_loss":2.5,"train_top1":null,"validation_top1":0.5,"learning_rate":0.1}""";

    private readonly TemporaryFolder _folder = new();

    private string Log => Path.Combine(_folder.Root, "training.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back()
    {
        TrainingCurvePoint[] points = [new(1, 2.5, 0.5, 0.1), new(2, double.NaN, null, 0.05)];
        JsonLines.Write(Log, points);
        Assert.Equal(points, JsonLines.Read<TrainingCurvePoint>(Log));
    }

    [Fact]
    public void A_line_of_a_version_with_more_values_is_read()
    {
        File.WriteAllText(
            Log,
            """{"epoch":1,"train_loss":2.5,"train_top1":null,"validation_top1":0.5,"learning_rate":0.1}""" + "\n"
        );
        Assert.Equal([new TrainingCurvePoint(1, 2.5, 0.5, 0.1)], JsonLines.Read<TrainingCurvePoint>(Log));
    }

    [Fact]
    public void Nothing_is_read_where_there_is_no_log() => Assert.Empty(JsonLines.Read<TrainingCurvePoint>(Log));

    [Fact]
    public void A_last_line_that_was_cut_short_is_left_out()
    {
        string[] lines = Lines(3);
        File.WriteAllText(Log, lines[0] + lines[1] + lines[2][..20]);
        Assert.Equal([1, 2], JsonLines.Read<TrainingCurvePoint>(Log).Select(point => point.Epoch));
    }

    [Theory]
    [InlineData(0, "{\"epoch\":")]
    [InlineData(1, "")]
    [InlineData(1, "null")]
    [InlineData(1, "{}")]
    [InlineData(2, "{\"epoch\":3}")]
    [InlineData(2, "\0\0\0\0")]
    [InlineData(1, Twice)]
    public void Any_other_damaged_line_is_named(int line, string text)
    {
        string[] lines = Lines(3);
        lines[line] = text + "\n";
        File.WriteAllText(Log, string.Concat(lines));
        string message = Assert.Throws<InvalidInputException>(() => JsonLines.Read<TrainingCurvePoint>(Log)).Message;
        Assert.Contains($"{Log}, line {line + 1}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_null_in_a_list_is_damage_too()
    {
        var epoch = new SearchEpoch(
            1,
            10,
            2.5,
            0.25,
            null,
            new Dictionary<string, double>(),
            new Dictionary<string, double>(),
            0.9,
            0.1,
            [
                [0.5, 0.5],
            ],
            []
        );
        JsonLines.Write(Log, [epoch]);
        File.WriteAllText(Log, File.ReadAllText(Log).Replace("[0.5,0.5]", "null", StringComparison.Ordinal));
        Assert.Contains(
            "line 1",
            Assert.Throws<InvalidInputException>(() => JsonLines.Read<SearchEpoch>(Log)).Message,
            StringComparison.Ordinal
        );
    }

    private string[] Lines(int count)
    {
        JsonLines.Write(Log, Enumerable.Range(1, count).Select(epoch => new TrainingCurvePoint(epoch, 1, null, 0.1)));
        return [.. File.ReadAllLines(Log).Select(line => line + "\n")];
    }
}
