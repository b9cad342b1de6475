using Proxyless.Cli.Options;
using Proxyless.Runs;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Which limits a run has, by its options and by the words of the command line.</summary>
public sealed class RunPartsTests
{
    [Theory]
    [InlineData("cpu", 3.0, "cpu=5,cpu=8", "3ms 5ms 8ms")]
    [InlineData("cpu", 0.0715, "cpu=0.103", "0.0715ms 0.103ms")]
    [InlineData("cpu", 3.0, "cpu:2=5", "cpu cpu-2")]
    [InlineData("cpu", 3.0, "board=40,cpu=5", "cpu-3ms board cpu-5ms")]
    [InlineData("cpu", null, "board=40", "cpu board")]
    [InlineData("cpu", 3.0, "cpu+int8=2", "cpu cpu-int8")]
    [InlineData("a/pi.yaml", 3.0, "a/pi.yaml+int8=2", "pi pi-int8")]
    public void Each_limit_has_a_folder_that_says_what_tells_it_from_the_others(
        string target,
        double? limit,
        string alsoFor,
        string folders
    )
    {
        var options = new RunOptions
        {
            Target = new()
            {
                Name = target,
                LatencyMs = limit,
                AlsoFor = alsoFor,
            },
        };
        Assert.Equal(folders, string.Join(' ', RunParts.Of(options.Validate()).Select(part => part.Folder)));
        Assert.Equal(
            !folders.Contains("board", StringComparison.Ordinal) && folders.Contains("ms", StringComparison.Ordinal),
            RunParts.AreOfOneTarget(options)
        );
    }

    [Fact]
    public void A_target_of_the_longest_name_has_a_folder_too()
    {
        string target = new('a', 254);
        var options = new RunOptions
        {
            Target = new()
            {
                Name = target,
                LatencyMs = 3,
                AlsoFor = $"{target}+int8=2",
            },
        };
        Assert.Equal([254, 255], RunParts.Of(options).Select(part => part.Folder.Length));
    }

    [Theory]
    [InlineData("cpu", 3.0, "cpu=3")]
    [InlineData("cpu", null, "cpu=3")]
    [InlineData("a/board.yaml", 3.0, "b/board.yaml=3")]
    public void What_cannot_be_told_apart_is_refused(string target, double? limit, string alsoFor) =>
        Assert.Throws<InvalidInputException>(() =>
            new RunOptions
            {
                Target = new()
                {
                    Name = target,
                    LatencyMs = limit,
                    AlsoFor = alsoFor,
                },
            }.Validate()
        );

    [Theory]
    [InlineData("", "3,5,8", "cpu", 3.0, "cpu=5,cpu=8")]
    [InlineData("", "3", "cpu", 3.0, null)]
    [InlineData("", "cpu=3,5", "cpu", 3.0, "cpu=5")]
    [InlineData("", "3 5", "cpu", 3.0, "cpu=5")]
    [InlineData("cpu board", "cpu=3,5 board=40", "cpu", 3.0, "cpu=5,board=40")]
    [InlineData("cpu board", "cpu=3,board=40,60", "cpu", 3.0, "board=40,board=60")]
    [InlineData("a=b,c.yaml", "a=b,c.yaml=3", "a=b,c.yaml", 3.0, null)]
    public void Limits_of_the_command_line(string targets, string latencies, string target, double? limit, string? also)
    {
        string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        RunOptions options = SearchedTargets.Combine(new RunOptions(), Words(targets), Words(latencies));
        Assert.Equal((target, limit, also), (options.Target.Name, options.Target.LatencyMs, options.Target.AlsoFor));
    }

    [Fact]
    public void Limits_that_are_given_take_the_place_of_all_that_the_search_had()
    {
        var searched = new RunOptions
        {
            Target = new() { LatencyMs = 3, AlsoFor = "cpu=5" },
        };
        Assert.Equal(searched, SearchedTargets.Combine(searched, [], []));
        RunOptions derived = SearchedTargets.Combine(searched, [], ["4"]);
        Assert.Equal((4.0, null), (derived.Target.LatencyMs, derived.Target.AlsoFor));
    }
}
