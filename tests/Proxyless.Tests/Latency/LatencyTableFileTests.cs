using System.Text.Json;
using Proxyless.Latency;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class LatencyTableFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proxyless-tests-").FullName;

    [Fact]
    public void A_table_comes_back_from_its_file_as_it_was()
    {
        LatencyTable table = SmallSpace.Table(ProfileMode.Thorough);
        LatencyTableFile.Write(PathOf("latency.json"), table);
        LatencyTable read = LatencyTableFile.Read(PathOf("latency.json"));

        Assert.Equal(table.Entries.OrderBy(entry => entry.Key), read.Entries.OrderBy(entry => entry.Key));
        Assert.Equal(table.Calibration, read.Calibration);
        Assert.Equal(table.Reference.Choice, read.Reference.Choice);
        Assert.Equal(table.Reference.Milliseconds, read.Reference.Milliseconds);
        Assert.Equal(
            (table.Space, table.Target, table.TargetId, table.Mode, table.Created),
            (read.Space, read.Target, read.TargetId, read.Mode, read.Created)
        );
    }

    [Fact]
    public void The_file_has_names_in_snake_case()
    {
        LatencyTableFile.Write(PathOf("latency.json"), SmallSpace.Table());
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(PathOf("latency.json")));
        Assert.Equal("quick", json.RootElement.GetProperty("mode").GetString());
        Assert.Equal(0.95, json.RootElement.GetProperty("calibration").GetProperty("kendall_tau").GetDouble());
    }

    [Fact]
    public void A_disturbed_machine_is_noted_and_a_file_without_the_note_still_opens()
    {
        LatencyTableFile.Write(PathOf("latency.json"), SmallSpace.Table() with { Disturbance = 0.25 });
        Assert.Contains("\"disturbance\": 0.25", File.ReadAllText(PathOf("latency.json")), StringComparison.Ordinal);
        Assert.Equal(0.25, LatencyTableFile.Read(PathOf("latency.json")).Disturbance);

        LatencyTableFile.Write(PathOf("older.json"), SmallSpace.Table());
        Assert.DoesNotContain("disturbance", File.ReadAllText(PathOf("older.json")), StringComparison.Ordinal);
        Assert.Null(LatencyTableFile.Read(PathOf("older.json")).Disturbance);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{ \"space\": ")]
    [InlineData("{ \"space\": \"small\" }")]
    public void A_file_that_is_no_table_is_refused_by_name(string text)
    {
        File.WriteAllText(PathOf("broken.json"), text);
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            LatencyTableFile.Read(PathOf("broken.json"))
        );
        Assert.Contains("broken.json", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"entries\": {", "\"entries\": { \"KEY\": { \"milliseconds\": 777, \"spread\": 0 },")]
    [InlineData("\"scale\": 1.1", "\"scale\": 2, \"scale\": 1.1")]
    public void What_stands_there_twice_is_refused(string once, string twice)
    {
        LatencyTable table = SmallSpace.Table();
        LatencyTableFile.Write(PathOf("latency.json"), table);
        string text = File.ReadAllText(PathOf("latency.json"));
        Assert.Contains(once, text, StringComparison.Ordinal);
        twice = twice.Replace("KEY", table.Entries.Keys.First(), StringComparison.Ordinal);
        File.WriteAllText(PathOf("latency.json"), text.Replace(once, twice, StringComparison.Ordinal));
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            LatencyTableFile.Read(PathOf("latency.json"))
        );
        Assert.Contains("latency.json' cannot be read", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_negative_time_is_refused_by_its_key()
    {
        LatencyTable table = SmallSpace.Table();
        string key = table.Entries.Keys.First();
        LatencyTableFile.Write(
            PathOf("latency.json"),
            table with
            {
                Entries = new Dictionary<string, LatencyEntry> { [key] = new(-1, 0) },
            }
        );
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            LatencyTableFile.Read(PathOf("latency.json"))
        );
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.5, 1.5, "scale -0.5")]
    [InlineData(0.0, 1.5, "scale 0")]
    [InlineData(1.0, -1.5, "invalid numbers")]
    public void A_calibration_or_a_reference_against_all_sense_is_refused(double scale, double reference, string named)
    {
        LatencyTable table = SmallSpace.Table();
        LatencyTableFile.Write(
            PathOf("latency.json"),
            table with
            {
                Calibration = table.Calibration with { Scale = scale },
                Reference = table.Reference with { Milliseconds = reference },
            }
        );
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            LatencyTableFile.Read(PathOf("latency.json"))
        );
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Equal(PathOf("latency.json"), refused.File);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains(
            "absent.json",
            Assert.Throws<InvalidInputException>(() => LatencyTableFile.Read(PathOf("absent.json"))).Message,
            StringComparison.Ordinal
        );

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string name) => Path.Combine(_folder, name);
}
