using System.CommandLine;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class CommandLineTests
{
    public static TheoryData<string> Examples =>
        [.. Commands(CommandLine.Root()).SelectMany(command => command.Examples)];

    [Theory]
    [InlineData("unknown option '--latancy' (did you mean '--latency'?)", "run", "--latancy", "8")]
    [InlineData("unknown command 'serch' (did you mean 'search'?)", "serch")]
    [InlineData("unknown argument 'photos'", "run", "photos")]
    [InlineData("'--latency' is 'fast'", "run", "--latency", "fast")]
    [InlineData(
        "option '--latency' is '-1'; allowed are numbers from 0.000001 to 1000000000",
        "run",
        "--latency",
        "-1"
    )]
    [InlineData("'--time' is '2 hours'; allowed are times from 1s to 9999h, such as 2h", "run", "--time", "2 hours")]
    [InlineData(
        "'--update' is 'three-path'; allowed are two-path, full-path, reinforce, leave-one-out",
        "search",
        "--update",
        "three-path"
    )]
    [InlineData("--resume and --overwrite exclude each other", "run", "--out", "x", "--resume", "--overwrite")]
    [InlineData("options '--blocks' and '--shares' exclude each other", "bench", "floor", "--blocks", "--shares")]
    [InlineData("option '--arch NAME|FILE' is missing", "describe")]
    [InlineData("architecture 'mobilenet-v3': no such file and no such name", "describe", "--arch", "mobilenet-v3")]
    [InlineData(
        "'--mode' is 'weight,weights'; allowed are weight, warmup, sandwich",
        "bench",
        "--mode",
        "weight,weights"
    )]
    [InlineData("target 'gpu' is unknown", "profile", "--space", "tiny", "--target", "gpu")]
    [InlineData("Required command was not provided", "data")]
    public void Bad_usage_is_told_in_one_line_and_exits_with_2(string complaint, params string[] arguments)
    {
        CommandLineRun run = CommandLineRun.Of(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(complaint, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("proxyless run --out 'my run' --resume", "run", "--data", "photos")]
    [InlineData(
        "proxyless run --arch net.config --out 'my run' --resume",
        "run",
        "--arch",
        "net.config",
        "--weights",
        "mine.pth"
    )]
    [InlineData("proxyless train --arch net.json --out 'my run' --resume", "train", "--arch", "net.json")]
    [InlineData("proxyless train --arch 'my run' --resume", "derive", "--run", "searched")]
    public void An_interrupted_command_says_what_goes_on_with_it(string expected, params string[] arguments) =>
        Assert.Equal(expected, CommandLine.ResumeCommand(CommandLine.Parse(CommandLine.Root(), arguments), "my run"));

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_in_the_help_is_understood(string example)
    {
        using var folder = new TemporaryFolder();
        string config = Path.Combine(folder.Root, "run.yaml");
        File.WriteAllText(config, "out: runs/photos\n");
        string[] words =
        [
            .. example
                .Split(' ')
                .Select(word =>
                    word == "run.yaml"
                        ? config
                        : word.Replace("configs/", Repository.Root + "/configs/", StringComparison.Ordinal)
                ),
        ];
        Assert.Equal("proxyless", words[0]);
        Assert.All(
            words.Where(word => word.StartsWith(Repository.Root, StringComparison.Ordinal)),
            file => Assert.True(File.Exists(file), file)
        );
        Assert.Empty(CommandLine.Parse(CommandLine.Root(), words[1..]).Errors);
    }

    [Fact]
    public void Help_of_every_command_shows_an_example() =>
        Assert.All(
            Commands(CommandLine.Root()),
            command =>
            {
                Assert.NotEmpty(command.Examples);
                string[] path = command.Examples[0].Split(' ')[
                    1..(command.Parents.OfType<RootCommand>().Any() ? 2 : 3)
                ];
                CommandLineRun run = CommandLineRun.Of([.. path, "--help"]);
                Assert.Equal(0, run.ExitCode);
                Assert.All(
                    command.Examples,
                    example =>
                        Assert.Contains($"  {example}\n", run.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal)
                );
            }
        );

    [Fact]
    public void Every_option_says_what_it_is_for() =>
        Assert.All(
            Commands(CommandLine.Root()).SelectMany(command => command.Options),
            option => Assert.False(string.IsNullOrEmpty(option.Description), option.Name)
        );

    [Fact]
    public void A_time_can_be_written_in_parts()
    {
        ParseResult parse = CommandLine.Parse(CommandLine.Root(), ["run", "--time", "1h30m"]);
        Assert.Equal(TimeSpan.FromMinutes(90), parse.GetValue<TimeSpan?>("--time"));
    }

    private static IEnumerable<ReportingCommand> Commands(Command command) =>
        command.Subcommands.SelectMany(Commands).Concat(command is ReportingCommand reporting ? [reporting] : []);
}
