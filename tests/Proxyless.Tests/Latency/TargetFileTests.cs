using Proxyless.Latency;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Latency;

/// <summary>Targets as files and by name. The folder of names is the process's own, so nothing runs beside.</summary>
[Collection(nameof(WholeRuns))]
public sealed class TargetFileTests : IDisposable
{
    private const string Variable = "PROXYLESS_TARGETS";
    private readonly TemporaryFolder _folder = new();
    private readonly string? _before = Environment.GetEnvironmentVariable(Variable);

    public TargetFileTests() => Environment.SetEnvironmentVariable(Variable, Path.Combine(_folder.Root, "kept"));

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, _before);
        _folder.Dispose();
    }

    [Fact]
    public void Each_kind_is_read()
    {
        Assert.Equal(new LocalTarget(1, 32), TargetFile.Open(Write("box.yaml", "kind: local\nbatch: 32\n")));
        Write("phone.csv", "part,milliseconds\nstem 3x32x32 16 s2,0.5\n");
        Assert.Single(
            Assert.IsType<TableTarget>(TargetFile.Open(Write("phone.yaml", "kind: table\nfile: phone.csv\n"))).Parts
        );
        CommandTarget command = Assert.IsType<CommandTarget>(
            TargetFile.Open(
                Write(
                    "board.yaml",
                    "kind: command\ncommand: [ssh, board, time-model, '{model}']\npattern: 'avg ([0-9.]+)'\nunit: us\n"
                        + "repeats: 5\ntimeout: 30\nbatch: 8\ndevice: Pixel 7, blue\n"
                )
            )
        );
        Assert.Equal("Pixel 7, blue", command.Device);
        Assert.Equal(["ssh", "board", "time-model", "{model}"], command.Command);
        Assert.Equal(
            (1e-3, 5, TimeSpan.FromSeconds(30), 8),
            (command.UnitMs, command.Repeats, command.Timeout, command.Batch)
        );
    }

    [Theory]
    [InlineData("it's a phone.csv")]
    [InlineData("phone #1.CSV")]
    [InlineData("phone.json")]
    public void A_latency_table_is_a_target_without_a_file_that_says_so(string name)
    {
        string file = Path.Combine(_folder.Root, name);
        if (name.EndsWith(".json", StringComparison.Ordinal))
        {
            LatencyTableFile.Write(file, SmallSpace.Table());
        }
        else
        {
            File.WriteAllText(file, "part,milliseconds\nstem 3x32x32 16 s2,0.5\n");
        }

        TableTarget table = Assert.IsType<TableTarget>(TargetFile.Open(file));
        Assert.Equal((file, file, 1), (table.Name, table.Source, table.Batch));
        Assert.NotEmpty(table.Parts);
        Assert.Contains(
            $"target '{file}+int8' is a table",
            Assert.Throws<InvalidInputException>(() => TargetFile.Open(file + "+int8")).Message,
            StringComparison.Ordinal
        );
        TargetFile.Add("phone", file, overwrite: false);
        Assert.Equal(table.Id, TargetFile.Open("phone").Id);
    }

    [Fact]
    public void A_file_without_a_kind_says_what_a_table_needs()
    {
        string file = Write("pixel1.yaml", "Logits-input:7x7x1280-output:1000:\n  mean: 1\n");
        string message = Assert.Throws<InvalidInputException>(() => TargetFile.Open(file)).Message;
        Assert.Contains("local, agent, table, command, devices", message, StringComparison.Ordinal);
        Assert.Contains("'kind: table' and 'file: pixel1.yaml'", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: comand\n", "did you mean 'command'?")]
    [InlineData("kind: local\nthread: 2\n", "unknown key 'thread'")]
    [InlineData("kind: local\nthreads: 1000000\n", "line 2")]
    [InlineData("kind: local\nprovider: cud\n", "did you mean 'cuda'?")]
    [InlineData("kind: local\ndevice: 1\n", "'provider'")]
    [InlineData("kind: table\nfile: nowhere.csv\n", "there is no file")]
    [InlineData("kind: command\ncommand: [run, model.onnx]\npattern: '(.*)'\n", "{model}")]
    [InlineData("kind: command\ncommand: [run, '{model}']\npattern: 'ms'\n", "in parentheses")]
    [InlineData("kind: command\ncommand: [run, '{model}']\npattern: '('\n", "not a regular expression")]
    [InlineData("kind: command\ncommand: [run, '{model}']\npattern: '(.*)'\ndevice: ' '\n", "line 4")]
    [InlineData("kind: command\ncommand: [run, '{model}']\npattern: '(.*)'\nunit: ns\n", "us, ms, s")]
    public void What_is_wrong_is_said_with_what_is_allowed(string yaml, string named) =>
        Assert.Contains(
            named,
            Assert.Throws<InvalidInputException>(() => TargetFile.Open(Write("wrong.yaml", yaml))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_target_that_is_added_is_found_by_name_with_the_files_it_names()
    {
        Write("phone.csv", "part,milliseconds\nstem 3x32x32 16 s2,0.5\n");
        string file = Write("phone.yaml", "kind: table\nfile: phone.csv\n");
        Assert.Equal(0, CommandLineRun.Of("target", "add", "--name", "my-phone", "--file", file).ExitCode);
        Assert.IsType<TableTarget>(TargetFile.Open("my-phone"));
        Assert.Equal(["my-phone"], TargetFile.Names());
        Assert.Contains("phone.csv", CommandLineRun.Of("target", "list").Output, StringComparison.Ordinal);
        Assert.Contains(
            "1 in its table",
            CommandLineRun.Of("target", "check", "--target", "my-phone").Output,
            StringComparison.Ordinal
        );
        Assert.Equal(2, CommandLineRun.Of("target", "add", "--name", "my-phone", "--file", file).ExitCode);
        Assert.Equal(
            0,
            CommandLineRun.Of("target", "add", "--name", "my-phone", "--file", file, "--overwrite").ExitCode
        );
        Assert.Contains(
            "did you mean 'my-phone'?",
            Assert.Throws<InvalidInputException>(() => TargetFile.Open("my-phon")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_kept_is_found_from_any_folder_and_can_be_added_again()
    {
        Write("time.sh", "echo 2 us");
        string file = Write(
            "board.yaml",
            "---\n{kind: command, command: [./time.sh, '{model}', 'a: b'], pattern: '([0-9]+) us', unit: us}\n"
        );
        TargetFile.Add("board", file, overwrite: false);
        var kept = (CommandTarget)TargetFile.Open("board");
        Assert.Equal([Path.Combine(_folder.Root, "time.sh"), "{model}", "a: b"], kept.Command);
        Assert.Equal(((CommandTarget)TargetFile.Open(file)).Id, kept.Id);
        TargetFile.Add("board-2", Path.Combine(TargetFile.Folder, "board.yaml"), overwrite: false);
        Assert.Equal(kept.Id, TargetFile.Open("board-2").Id);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("../escape")]
    [InlineData("")]
    [InlineData(".hidden")]
    public void A_name_that_is_none_is_refused(string name) =>
        Assert.Throws<InvalidInputException>(() =>
            TargetFile.Add(name, Write("box.yaml", "kind: local\n"), overwrite: false)
        );

    private string Write(string name, string text)
    {
        string file = Path.Combine(_folder.Root, name);
        File.WriteAllText(file, text);
        return file;
    }
}
