using System.CommandLine;
using System.Globalization;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Cli.Output;
using Proxyless.Runs;
using Proxyless.Tests.Agents;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>
/// Every option of every command that takes a number or a time, at the ends of what it takes and beyond.
/// </summary>
public sealed class OptionRangeTests
{
    private static readonly string[] NoNumbers =
    [
        "NaN",
        "1e400",
        "-1e400",
        "Infinity",
        "null",
        "~",
        "0x10",
        "1,5",
        "five",
        "--1",
        "1e5000000000",
    ];
    private static readonly string[] Extremes =
    [
        "0",
        "-1",
        "1e300",
        "-1e300",
        "1e-300",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "2147483648",
        "99999999999999999999999999999999",
        "0.5",
        "1000000.5",
    ];

    private static readonly string[] Times =
    [
        "0s",
        "0.0000000001s",
        "0.5s",
        "1s",
        "9999h",
        "9999h1s",
        "99999999s",
        "35996400s",
        "1e300h",
        "99999999999999999999999999999999h",
        "-1h",
        "h",
        "5",
    ];

    public static TheoryData<string, string> Numeric =>
        [
            .. Commands(CommandLine.Root(), [])
                .SelectMany(entry =>
                    entry.Command.Options.Where(IsNumeric).Select(option => (string.Join(' ', entry.Path), option.Name))
                ),
        ];

    [Theory]
    [MemberData(nameof(Numeric))]
    public void A_number_is_taken_or_refused_with_least_and_most(string path, string option)
    {
        bool isTime = Find(path, option).ValueType == typeof(TimeSpan?);
        foreach (string text in isTime ? Times : [.. Extremes, .. NoNumbers])
        {
            CommandLineRun run = Parse(path, option, text);
            Assert.True(run.ExitCode is 0 or 2, $"{path} {option} {text}: {run.ExitCode} {run.Error}");
            if (run.ExitCode == 2)
            {
                Assert.Contains(option, run.Error, StringComparison.Ordinal);
                Assert.Contains(text, run.Error, StringComparison.Ordinal);
                Assert.Matches(isTime ? "from 1s to 9999h" : "numbers from -?[0-9.]+ to [0-9.]+", run.Error);
            }
        }

        Assert.All(isTime ? [] : NoNumbers, text => Assert.Equal(2, Parse(path, option, text).ExitCode));
    }

    /// <summary>What a message says of the ends is true: both are taken, and nothing beyond them.</summary>
    [Theory]
    [MemberData(nameof(Numeric))]
    public void The_ends_that_a_message_names_are_the_last_that_are_taken(string path, string option)
    {
        if (Find(path, option).ValueType == typeof(TimeSpan?))
        {
            Assert.Equal(
                [0, 0, 2, 2],
                ((string[])["1s", "9999h", "0.999s", "35996401s"]).Select(text => Parse(path, option, text).ExitCode)
            );
            return;
        }

        string[] words = Parse(path, option, "NaN").Error.Split("numbers from ")[1].Split(' ');
        (string least, string most) = (words[0], words[2].TrimEnd('.', ';', ','));
        Assert.Equal(0, Parse(path, option, least).ExitCode);
        Assert.Equal(0, Parse(path, option, most).ExitCode);
        Assert.Equal(2, Parse(path, option, Beyond(least, -1)).ExitCode);
        Assert.Equal(2, Parse(path, option, Beyond(most, 1)).ExitCode);
    }

    [Theory]
    [InlineData("search", "--latency", "cpu=1e300")]
    [InlineData("search", "--latency", "1e300")]
    [InlineData("search", "--latency", "0")]
    [InlineData("search", "--latency", "NaN")]
    [InlineData("run", "--channels", "2")]
    [InlineData("search", "--also-for", "cpu:2=1e300")]
    public void Numbers_within_texts_have_ends_too(string command, string option, string text)
    {
        CommandLineRun run = Parse(command, option, text);
        Assert.Equal(2, run.ExitCode);
        Assert.Matches("(from 0.000001 to 1000000000)|(allowed are 1 \\(gray\\) and 3 \\(color\\))", run.Error);
    }

    [Fact]
    public void Every_numeric_setting_of_the_library_has_its_range_checked_there_too()
    {
        foreach (RunSetting setting in RunSettings.All.Where(setting => setting.Range is not null))
        {
            (string name, NumberRange range) = (setting.Name, setting.Range!);
            Assert.True(range.Contains(range.Least) && range.Contains(range.Most), name);
            Assert.False(range.Contains(double.NaN) || range.Contains(double.PositiveInfinity), name);
        }

        RunOptions[] wrong =
        [
            new() { Search = new() { Epochs = 1e300 } },
            new() { Training = new() { Epochs = double.NaN } },
            new() { Target = new() { LatencyMs = double.PositiveInfinity } },
            new() { Time = TimeSpan.MaxValue },
            new() { Time = TimeSpan.Zero },
            new() { Search = new() { ArchitectureInterval = int.MaxValue } },
            new() { Target = new() { MaxMacs = long.MaxValue } },
            new() { Training = new() { LearningRate = 1000 } },
            new() { Search = new() { ObjectiveWeight = 1e300 } },
        ];
        Assert.All(
            wrong,
            options =>
                Assert.Contains(
                    " to ",
                    Assert.Throws<InvalidInputException>(() => options.Validate()).Message,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void The_time_that_is_left_may_be_longer_than_a_TimeSpan()
    {
        Assert.Equal(TimeSpan.FromSeconds(90), Progress.Remaining(TimeSpan.FromSeconds(10), 1, 9));
        Assert.Null(Progress.Remaining(TimeSpan.FromHours(1), 1, long.MaxValue));
        Assert.Null(Progress.Remaining(TimeSpan.FromHours(1), 0, 5));
        Assert.Equal("2 h 05 min", Durations.Text(TimeSpan.FromMinutes(125)));
        Assert.Equal("10000000000000 h 00 min", Durations.Text(3600e13));
    }

    [Theory]
    [InlineData("serve", "--port")]
    [InlineData("serve", "--max-model")]
    [InlineData("serve", "--max-seconds")]
    [InlineData("serve", "--queue")]
    [InlineData("serve", "--patience")]
    [InlineData("init", "--port")]
    [InlineData("time", "--threads")]
    [InlineData("time", "--batch")]
    public void The_agent_names_the_ends_of_its_numbers(string command, string option)
    {
        string[] model = command == "time" ? ["model.onnx"] : [];
        foreach (string text in (string[])["1e300", "-1"])
        {
            CommandLineRun run = CommandProcess.RunProgram(
                AgentProcess.Program,
                AppContext.BaseDirectory,
                new Dictionary<string, string?>(),
                [command, .. model, option, text]
            );
            Assert.Equal(2, run.ExitCode);
            Assert.Matches($"'{option}' is '{text}'; allowed are whole numbers from [01] to [0-9]+", run.Error);
        }
    }

    /// <summary>Parsed and checked as <see cref="CommandLine.Run"/> does before anything is done.</summary>
    private static CommandLineRun Parse(string path, string option, string text)
    {
        try
        {
            CommandLine.Parse(CommandLine.Root(), [.. path.Split(' '), .. Required(path, option), $"{option}={text}"]);
            return new CommandLineRun(0, "", "");
        }
        catch (InvalidInputException exception)
        {
            return new CommandLineRun(2, "", exception.Message);
        }
    }

    /// <summary>What must be given beside, so that nothing else is complained of.</summary>
    private static IEnumerable<string> Required(string path, string option)
    {
        if (option == "--folds")
        {
            yield return "--weights=efficientnet-lite0";
        }

        ReportingCommand command = Commands(CommandLine.Root(), [])
            .Single(entry => string.Join(' ', entry.Path) == path)
            .Command;
        string example = command.Examples[0];
        foreach (string name in (string[])["--data", "--run", "--arch", "--model", "--space", "--as", "--out"])
        {
            if (
                command.Options.Any(one => one.Name == name && one.ValueType == typeof(string))
                && example.Contains(name + " ", StringComparison.Ordinal)
            )
            {
                yield return $"{name}=x";
            }
        }

        if (command.Arguments.Count > 0)
        {
            yield return "cat.jpg";
        }
    }

    private static string Beyond(string end, int direction)
    {
        decimal number = decimal.Parse(end, CultureInfo.InvariantCulture);
        decimal step = number == decimal.Truncate(number) && number != 0 ? 1 : 0.0000000001m;
        return (number + (direction * step)).ToString(CultureInfo.InvariantCulture);
    }

    private static bool IsNumeric(Option option) =>
        option.ValueType == typeof(long?)
        || option.ValueType == typeof(double?)
        || option.ValueType == typeof(TimeSpan?);

    private static Option Find(string path, string option) =>
        Commands(CommandLine.Root(), [])
            .Single(entry => string.Join(' ', entry.Path) == path)
            .Command.Options.Single(each => each.Name == option);

    private static IEnumerable<(string[] Path, ReportingCommand Command)> Commands(Command command, string[] path) =>
        command
            .Subcommands.SelectMany(child => Commands(child, [.. path, child.Name]))
            .Concat(command is ReportingCommand reporting ? [(path, reporting)] : []);
}
