using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Runs;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>What a program reads from an <see cref="InvalidInputException"/> beside its message.</summary>
public sealed class InvalidOptionTests
{
    [Fact]
    public void An_option_out_of_its_range_is_named_as_the_property_that_it_is()
    {
        var wrong = Assert.Throws<InvalidInputException>(() =>
            new RunOptions { Training = new() { LearningRate = 1000.5 } }.Validate()
        );
        Assert.Equal(("TrainingOptions.LearningRate", "1000.5", null), (wrong.Property, wrong.Value, wrong.File));
        Assert.Equal(
            "TrainingOptions.LearningRate = 1000.5 is out of range; allowed are numbers from 0.000000001 to 100",
            wrong.Message
        );
        wrong = Assert.Throws<InvalidInputException>(() => new RunOptions { Data = new() { Channels = 2 } }.Validate());
        Assert.Equal(("DataOptions.Channels", "2"), (wrong.Property, wrong.Value));
        wrong = Assert.Throws<InvalidInputException>(() =>
            new DatasetOptions { Location = "sample", TestShare = 0.75 }.Validate()
        );
        Assert.Equal(("TestShare", "0.75"), (wrong.Property, wrong.Value));
    }

    [Fact]
    public void Ranges_are_kept_by_the_names_of_properties() =>
        Assert.Equal(
            DataOptions
                .Ranges.Keys.Concat(TargetOptions.Ranges.Keys)
                .Concat(SearchOptions.Ranges.Keys)
                .Concat(TrainingOptions.Ranges.Keys)
                .Concat(RunOptions.Ranges.Keys)
                .Order(),
            RunSettings.All.Where(setting => setting.Range is not null).Select(setting => setting.Property.Name).Order()
        );

    [Fact]
    public void A_number_in_place_of_a_name_is_refused_in_the_file_of_a_run()
    {
        string[] keys =
        [
            .. RunSettings.All.Where(setting => setting.Get(new RunOptions()) is Enum).Select(setting => setting.Key),
        ];
        Assert.Contains("weight-update", keys);
        Assert.All(
            keys,
            key =>
                Assert.Contains(
                    "a number is in place of a name",
                    Assert
                        .Throws<InvalidInputException>(() => RunConfigFile.Parse($"{key}: 900\n", "config.yaml"))
                        .Message,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_named_with_its_key_and_value()
    {
        var wrong = Assert.Throws<InvalidInputException>(() =>
            YamlMapping.Parse("width: wide\n", "space.yaml").Integer("width", 1, 9)
        );
        Assert.Equal(("space.yaml", "width", "wide"), (wrong.File, wrong.Property, wrong.Value));
        wrong = Assert.Throws<InvalidInputException>(() => ArchitectureFile.Read("nowhere.json"));
        Assert.Equal("nowhere.json", wrong.File);
    }
}
