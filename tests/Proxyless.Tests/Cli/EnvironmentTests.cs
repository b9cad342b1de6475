using System.Globalization;
using System.Text.Json;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>Homes, locales and machines as containers have them, in processes of their own.</summary>
public sealed class EnvironmentTests : IDisposable
{
    private const string Warning = "set PROXYLESS_CACHE to a folder that can be written";
    private static readonly string[] Bench =
    [
        "bench",
        "--space",
        "tiny",
        "--batch",
        "2",
        "--resolution",
        "16",
        "--steps",
        "1",
        "--json",
    ];

    // With many more the test would take as long as it says.
    private static readonly string TooMany = (Environment.ProcessorCount + 1).ToString(CultureInfo.InvariantCulture);

    private readonly TemporaryFolder _folder = new();

    public EnvironmentTests()
    {
        _folder.Add("file", [1]);
        Directory.CreateDirectory(TemporaryFiles);

        // Times a model by its size: the same everywhere, and at once.
        _folder.Add(
            "size.yaml",
            "kind: command\ncommand: [wc, -c, '{model}']\npattern: '^([0-9]+) '\nunit: us\nrepeats: 1\n"u8.ToArray()
        );
    }

    // Permissions do not bind an administrator, as whom tests run in containers: nothing can be made below a file, nor
    // in /proc.
    public static TheoryData<string, string?> Homes =>
        new()
        {
            { "HOME", "FILE/home" },
            { "HOME", "/proc" },
            { "XDG_DATA_HOME", "FILE/data" },
            { "PROXYLESS_CACHE", "FILE/cache" },
        };

    private string TemporaryFiles => Path.Combine(_folder.Root, "temporary");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Homes))]
    public void Without_a_cache_a_profile_is_made_and_that_it_is_not_kept_is_said_once(string variable, string? value)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "homes are told by variables there");
        CommandLineRun profile = Profile(variable, value, "size.yaml");
        Assert.True(profile.ExitCode == 0, profile.Error);
        Assert.Equal(2, profile.Error.Split(Warning).Length);
        Assert.Empty(Directory.EnumerateFileSystemEntries(TemporaryFiles));
    }

    [Fact]
    public void A_file_of_the_working_folder_is_not_taken_for_the_program_of_a_target()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "'wc' is a program there");
        _folder.Add("wc", "no program"u8.ToArray());
        CommandLineRun check = Run("HOME", null, "target", "check", "--target", "size.yaml");
        Assert.True(check.ExitCode == 0, check.Error);
    }

    [Fact]
    public void Without_a_home_libtorch_loads_images_are_drawn_and_targets_are_listed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "homes are told by variables there");
        foreach (string[] command in (string[][])[Bench, ["data", "list"], ["target", "list"]])
        {
            CommandLineRun run = Run("HOME", "FILE/home", command);
            Assert.True(run.ExitCode == 0, run.Error);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(TemporaryFiles));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/")]
    [InlineData("")]
    public void An_odd_home_is_no_obstacle(string? home)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "homes are told by variables there");
        Assert.Equal(0, Run("HOME", home, "target", "list").ExitCode);
        Assert.Equal(0, Run("HOME", home, "describe", "--arch", "proxyless-cpu").ExitCode);
    }

    [Fact]
    public void A_target_that_cannot_be_kept_names_the_variable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "homes are told by variables there");
        foreach (
            (string variable, string value) in new[] { ("HOME", "FILE/home"), ("PROXYLESS_TARGETS", "FILE/targets") }
        )
        {
            CommandLineRun run = Run(variable, value, "target", "add", "--name", "board", "--file", "size.yaml");
            Assert.Equal(2, run.ExitCode);
            Assert.Contains(
                "set PROXYLESS_TARGETS to a folder that can be written",
                run.Error,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void Where_nothing_at_all_can_be_written_the_variable_is_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "homes are told by variables there");
        var environment = new Dictionary<string, string?>
        {
            ["HOME"] = "/proc",
            ["TMPDIR"] = "/proc",
            ["PROXYLESS_CACHE"] = null,
            ["XDG_DATA_HOME"] = null,
            ["DOTNET_EnableDiagnostics"] = "0",
        };
        CommandLineRun run = CommandProcess.Run(_folder.Root, environment, "data", "list");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("set PROXYLESS_CACHE to a folder that can", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, CommandProcess.Run(_folder.Root, environment, "describe", "--arch", "proxyless-cpu").ExitCode);
    }

    [Theory]
    [InlineData("cpu", 1)]
    [InlineData("size.yaml", 2)]
    public void Where_there_is_no_temporary_folder_a_profile_names_it_and_the_variable(string target, int exitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the folder is told by a variable there");
        string missing = Path.Combine(_folder.Root, "missing");
        CommandLineRun run = Profile("TMPDIR", missing, target);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains($"the temporary folder '{missing}", run.Error, StringComparison.Ordinal);
        Assert.Contains("set TMPDIR to a folder that can be written", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(missing));
    }

    [Theory]
    [InlineData("C")]
    [InlineData("POSIX")]
    [InlineData("de_DE.ISO-8859-1")]
    public void Names_are_written_in_UTF_8_whatever_the_locale_is(string locale)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "locales are told by variables there");
        foreach (string name in (string[])["Käse", "猫 😀"])
        {
            for (int i = 0; i < 8; i++)
            {
                _folder.Add(Path.Combine("images", name, $"{i}.png"), TestPictures.Noise(i + name.Length, 16, 16));
            }
        }

        var environment = new Dictionary<string, string?>
        {
            ["LC_ALL"] = locale,
            ["LANG"] = locale,
            ["TMPDIR"] = TemporaryFiles,
        };

        // The process's output is read as UTF-8 that must be whole.
        CommandLineRun run = CommandProcess.Run(
            _folder.Root,
            environment,
            "data",
            "list",
            "--data",
            "images",
            "--json"
        );
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.StartsWith("{", run.Output, StringComparison.Ordinal);
        JsonElement classes = JsonDocument.Parse(run.Output).RootElement.GetProperty("classes");
        Assert.Equal(["Käse", "猫 😀"], classes.EnumerateArray().Select(each => each.GetProperty("name").GetString()));
        CommandLineRun wrong = CommandProcess.Run(_folder.Root, environment, "data", "list", "--data", "Wörter");
        Assert.Contains("Wörter", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void More_threads_than_processors_are_warned_of()
    {
        CommandLineRun run = Run("HOME", null, [.. Bench, "--threads", TooMany]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains(
            $"--threads {TooMany} is more than the {Environment.ProcessorCount} processors",
            run.Error,
            StringComparison.Ordinal
        );
        var observer = new RecordingObserver();
        Assert.Equal(Environment.ProcessorCount, ThreadCount.Of(null, observer));
        Assert.Equal(Environment.ProcessorCount, ThreadCount.Of(Environment.ProcessorCount, observer));
        Assert.Empty(observer.Warnings);
    }

    [Fact]
    public void A_warning_that_several_parts_of_a_command_have_is_shown_once()
    {
        CommandLineRun run = Run(
            "HOME",
            null,
            "bench",
            "search",
            "--images",
            "100",
            "--search-epochs",
            "1",
            "--space",
            "tiny",
            "--batch-size",
            "2",
            "--resolution",
            "16",
            "--steps",
            "1",
            "--threads",
            TooMany
        );
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(2, run.Error.Split($"--threads {TooMany} is more").Length);
    }

    [Fact]
    public void A_step_that_no_memory_holds_is_no_bug()
    {
        CommandLineRun run = Run(
            "HOME",
            null,
            "bench",
            "--space",
            "imagenet-mobile",
            "--batch",
            "65536",
            "--resolution",
            "2048",
            "--steps",
            "1"
        );
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(
            "more memory than there is; make --batch-size or --resolution smaller",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("bug", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Profiles a small space, with a variable.</summary>
    private CommandLineRun Profile(string variable, string? value, string target) =>
        Run(
            variable,
            value,
            "profile",
            "--space",
            "tiny",
            "--classes",
            "2",
            "--resolution",
            "16",
            "--target",
            target,
            "--out",
            "latency.json"
        );

    private CommandLineRun Run(string variable, string? value, params IReadOnlyList<string> arguments)
    {
        var environment = new Dictionary<string, string?>
        {
            ["PROXYLESS_CACHE"] = null,
            ["PROXYLESS_TARGETS"] = null,
            ["XDG_DATA_HOME"] = null,
            ["XDG_CONFIG_HOME"] = null,
            ["TMPDIR"] = TemporaryFiles,

            // Or the runtime keeps sockets for debuggers there.
            ["DOTNET_EnableDiagnostics"] = "0",
            [variable] = value?.Replace("FILE", Path.Combine(_folder.Root, "file"), StringComparison.Ordinal),
        };
        return CommandProcess.Run(_folder.Root, environment, arguments);
    }
}
