using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class CommandTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CommandTargetTests() =>
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs of these tests are shell scripts");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_last_number_that_the_pattern_finds_counts_in_its_unit()
    {
        Timing timing = (Target("echo 'warm up 9000 us'; echo 'average 1500 us'") with { UnitMs = 1e-3 }).Time(
            [1, 2, 3],
            Cancellation
        );
        Assert.Equal(1.5, timing.MedianMs, 1e-12);
        Assert.Equal(3, timing.Runs);
    }

    [Fact]
    public void The_program_gets_the_models_file_and_it_is_gone_afterwards()
    {
        CommandTarget target = Target("echo $(wc -c < \"$1\") us; echo \"$1\" > \"$(dirname \"$0\")/seen\"");
        Assert.Equal(5, target.Time([1, 2, 3, 4, 5], Cancellation).MedianMs);
        Assert.False(File.Exists(File.ReadAllText(Path.Combine(_folder.Root, "seen")).Trim()));
    }

    [Fact]
    public void Arguments_are_words_and_never_a_line_for_a_shell()
    {
        string trap = Path.Combine(_folder.Root, "trap");
        CommandTarget target = Target("echo \"$2\"; echo '1 us'");
        target = target with { Command = [.. target.Command, $"; touch {trap} #", "$(touch " + trap + ")"] };
        Assert.Equal(1, target.Time([1], Cancellation).MedianMs);
        Assert.False(File.Exists(trap));
    }

    [Fact]
    public void A_batch_is_told_where_its_place_is()
    {
        CommandTarget target = Target("echo $2 us");
        target = target with { Command = [.. target.Command, "{batch}"], Batch = 32 };
        Assert.Equal(32, target.Time([1], Cancellation).MedianMs);
    }

    [Theory]
    [InlineData("echo no device >&2; exit 3", "exit code 3: no device")]
    [InlineData("exit 130", "exit code 130")]
    [InlineData("echo done", "finds no latency over 0")]
    [InlineData("echo 0 us", "finds no latency over 0")]
    [InlineData("exit 0", "(nothing was printed)")]
    public void What_goes_wrong_is_said_with_what_the_program_printed(string script, string named) =>
        Assert.Contains(
            named,
            Assert.Throws<InvalidInputException>(() => Target(script).Time([1], Cancellation)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("12,5 us", "([0-9.]+) us", "takes '5' out of '12,5'")]
    [InlineData("avg 12,5 us", "avg ([0-9.]+)", "takes '12' out of '12,5'")]
    [InlineData("1,234.5 us", "([0-9.]+) us", "takes '234.5' out of '1,234.5'")]
    [InlineData("1.234,5 us", "([0-9.]+) us", "takes '5' out of '1.234,5'")]
    [InlineData("1.234.567 us", "([0-9]+) us", "takes '567' out of '1.234.567'")]
    [InlineData("1.5e-3 us", "([0-9.]+) us", "takes '3' out of '1.5e-3'")]
    [InlineData("avg 12.5 us", "avg .*([0-9.]+) us", "takes '5' out of '12.5'")]
    [InlineData("1500 us", "([0-9]+?)", "takes '0' out of '1500'")]
    public void A_part_of_a_number_is_no_latency(string printed, string pattern, string named)
    {
        CommandTarget target = Target($"echo '{printed}'") with { Pattern = new Regex(pattern) };
        Assert.Contains(
            named,
            Assert.Throws<InvalidInputException>(() => target.Time([1], Cancellation)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("7,5.2 us", "([0-9.]+) us", 5.2)]
    [InlineData("5.2,3.1,4", "^([0-9.]+)", 5.2)]
    [InlineData("1.234,5.678", "^([0-9.]+)", 1.234)]
    [InlineData("3,1500", ",([0-9]+)$", 1500)]
    [InlineData("1500,3", "^([0-9]+),", 1500)]
    [InlineData("5,12", ",\\s*([0-9]+)$", 12)]
    [InlineData("5,12", "^(?:[^,]*,){1}([0-9]+)", 12)]
    [InlineData("5,12", "^([0-9]+) ?,", 5)]
    [InlineData("0012.5 us", "0*([0-9.]+) us", 12.5)]
    [InlineData("12.345 us", "([0-9]+[.][0-9]{2})", 12.34)]
    [InlineData("12.5 us", "^([0-9]+)", 12)]
    [InlineData("10-12 us", "([0-9.]+) us", 12)]
    [InlineData("mean.....12.5 us", "mean[.]+([0-9.]+) us", 12.5)]
    [InlineData("run 1e5: 1.5e-3, 7", "([0-9.e-]+), 7", 1.5e-3)]
    public void A_number_beside_others_is_one_and_may_be_without_its_last_decimals(
        string printed,
        string pattern,
        double expected
    )
    {
        CommandTarget target = Target($"echo '{printed}'") with { Pattern = new Regex(pattern) };
        Assert.Equal(expected, target.Time([1], Cancellation).MedianMs);
    }

    [Fact]
    public void A_program_prints_its_numbers_without_a_language() =>
        Assert.Equal(7, Target("test \"$LC_ALL\" = C && echo 7 us").Time([1], Cancellation).MedianMs);

    [Theory]
    [InlineData("1e306", 1e3)]
    [InlineData("1e-322", 1e-3)]
    public void A_number_that_is_no_time_in_its_unit_is_no_latency(string number, double unitMs)
    {
        CommandTarget target = Target($"echo {number} us") with
        {
            Pattern = new Regex("([0-9e-]+) us"),
            UnitMs = unitMs,
        };
        Assert.Contains(
            "finds no latency over 0",
            Assert.Throws<InvalidInputException>(() => target.Time([1], Cancellation)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_program_that_is_not_there_is_named() =>
        Assert.Contains(
            "cannot be started",
            Assert
                .Throws<InvalidInputException>(() =>
                    (Target("") with { Command = ["no-such-program", "{model}"] }).Time([1], Cancellation)
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_program_is_the_first_file_of_the_search_path_that_can_be_executed()
    {
        string plain = _folder.Add("plain/time-it", [1]);
        string program = _folder.Add("programs/time-it", [1]);
        string later = _folder.Add("later/time-it", [1]);
        Directory.CreateDirectory(Path.Combine(_folder.Root, "folders", "time-it"));
        const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.SetUnixFileMode(plain, Readable);
        File.SetUnixFileMode(program, Readable | UnixFileMode.UserExecute);
        File.SetUnixFileMode(later, Readable | UnixFileMode.UserExecute);
        string Folder(string name) => Path.Combine(_folder.Root, name);
        string path = $":{Folder("missing")}:{Folder("folders")}:{Folder("plain")}";
        Assert.Equal(program, SearchPath.Find("time-it", $"{path}:{Folder("programs")}:{Folder("later")}"));
        Assert.Null(SearchPath.Find("time-it", path));
        Assert.Null(SearchPath.Find("", path));
    }

    [Fact]
    public void A_program_that_hangs_is_ended_with_what_it_started()
    {
        // Longer and longer, until the program has come so far as to start something.
        CommandTarget target = Target("sleep 600 & echo $! > \"$(dirname \"$0\")/child\"; wait");
        string child = Path.Combine(_folder.Root, "child");
        for (int seconds = 1; !File.Exists(child) || new FileInfo(child).Length == 0; seconds *= 2)
        {
            CommandTarget hanging = target with { Timeout = TimeSpan.FromSeconds(seconds) };
            Assert.Contains(
                $"within {seconds} s",
                Assert.Throws<InvalidInputException>(() => hanging.Time([1], Cancellation)).Message,
                StringComparison.Ordinal
            );
        }

        // A killed process may linger for its parent to take note of it.
        int id = int.Parse(File.ReadAllText(child), System.Globalization.CultureInfo.InvariantCulture);
        SpinWait.SpinUntil(() => !IsRunning(id) || Cancellation.IsCancellationRequested);
    }

    [Fact]
    public void A_program_that_ends_by_the_signal_that_cancels_is_not_at_fault()
    {
        // The cancellation comes once the program is about to end, or has ended.
        CommandTarget target = Target("touch \"$(dirname \"$0\")/ending\"; exit 130") with
        {
            PatienceForSignal = TimeSpan.FromMinutes(5),
        };
        string ending = Path.Combine(_folder.Root, "ending");
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var canceling = new Thread(() =>
        {
            SpinWait.SpinUntil(() => File.Exists(ending) || Cancellation.IsCancellationRequested);
            cancellation.Cancel();
        });
        canceling.Start();
        Assert.Throws<OperationCanceledException>(() => target.Time([1], cancellation.Token));
        canceling.Join();
    }

    [Fact]
    public void What_a_program_printed_before_it_hung_is_shown()
    {
        // Longer and longer, until the program has come so far as to print something.
        CommandTarget target = Target("echo no board yet; exec sleep 600");
        string message = "";
        for (int seconds = 1; seconds <= 64 && !message.Contains("no board", StringComparison.Ordinal); seconds *= 2)
        {
            CommandTarget hanging = target with { Timeout = TimeSpan.FromSeconds(seconds) };
            message = Assert.Throws<InvalidInputException>(() => hanging.Time([1], Cancellation)).Message;
        }

        Assert.EndsWith("raise 'timeout' in the target's file: no board yet", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_program_that_prints_without_end_the_last_lines_are_read_and_the_first_are_shown()
    {
        const int Lines = 200_000;
        var text = new PrintedText();
        text.Add("\n first");
        for (int line = 0; line < Lines; line++)
        {
            text.Add($"\nline {line}");
        }

        Assert.StartsWith("first\nline 0\nline 1\n", text.Beginning, StringComparison.Ordinal);
        Assert.Equal(PrintedText.MostOfBeginning, text.Beginning.Length);
        Assert.InRange(text.End.Length, PrintedText.MostOfEnd - 20, PrintedText.MostOfEnd);
        Assert.StartsWith("line ", text.End, StringComparison.Ordinal);
        Assert.EndsWith($"\nline {Lines - 1}", text.End, StringComparison.Ordinal);

        CommandTarget target = Target("yes '9000 us' | head -n 400000; echo 'average 1500 us'") with { Repeats = 1 };
        Assert.Equal(1500, target.Time([1], Cancellation).MedianMs);
    }

    [Fact]
    public void Processes_that_cannot_be_ended_do_not_hide_that_the_program_was_too_slow()
    {
        // As the system does for those of another user, which an administrator's tests cannot have.
        var denied = new System.ComponentModel.Win32Exception(1);
        Exception[] failures = [denied, new AggregateException(denied), new InvalidOperationException()];
        int tried = 0;
        foreach (Exception failure in failures)
        {
            CommandTarget.TryEnd(() =>
            {
                tried++;
                throw failure;
            });
        }

        Assert.Equal(3, tried);
    }

    [Fact]
    public void A_program_that_leaves_something_running_is_not_waited_for_longer_than_its_time()
    {
        // What is left goes by itself: once the program has ended, nobody knows whose it was.
        CommandTarget target = Target("sleep 60 & echo 3 us") with
        {
            Timeout = TimeSpan.FromSeconds(1),
        };
        Assert.Contains(
            "something it started",
            Assert.Throws<InvalidInputException>(() => target.Time([1], Cancellation)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Standard_output_comes_before_warnings_and_does_not_run_into_them() =>
        Assert.Equal(12, Target("printf 'latency 12 us'; echo '5 us late' >&2").Time([1], Cancellation).MedianMs);

    [Fact]
    public void Tables_are_kept_apart_by_all_that_a_latency_depends_on()
    {
        CommandTarget target = Target("echo 1 us");
        CommandTarget[] others =
        [
            target,
            target with
            {
                UnitMs = 1e-3,
            },
            target with
            {
                Pattern = new Regex("(.*) us"),
            },
            target with
            {
                Batch = 2,
            },
            target with
            {
                Device = "phone 1",
            },
            target with
            {
                Device = "phone 2",
            },
            target with
            {
                Command = ["sh", "a b", "{model}"],
            },
            target with
            {
                Command = ["sh", "a", "b", "{model}"],
            },
        ];
        Assert.Equal(others.Length, others.Select(other => other.Id).Distinct().Count());
    }

    [Fact]
    public void A_target_without_a_device_keeps_the_identity_of_its_older_tables() =>
        Assert.Equal(
            """command ["run","{model}"], 'x' in units of 1 ms, batch 1""",
            new CommandTarget
            {
                Name = "board",
                Command = ["run", "{model}"],
                Pattern = new Regex("x"),
            }.Id
        );

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return File.ReadAllText($"/proc/{id}/stat").Split(' ')[2] != "Z";
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            return false;
        }
    }

    private CommandTarget Target(string script)
    {
        string file = Path.Combine(_folder.Root, "time.sh");
        File.WriteAllText(file, script + "\n");
        return new CommandTarget
        {
            Name = "board",
            Command = ["sh", file, "{model}"],
            Pattern = new Regex("([0-9.]+) us"),
        };
    }
}
