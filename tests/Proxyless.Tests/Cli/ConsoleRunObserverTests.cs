using Proxyless.Cli.Output;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class ConsoleRunObserverTests
{
    [Fact]
    public void Where_nobody_watches_progress_is_a_line_at_the_start_and_the_end_of_a_stage()
    {
        using var writer = new StringWriter();
        using (var observer = new ConsoleRunObserver(writer))
        {
            for (int step = 1; step <= 1000; step++)
            {
                observer.Progress(new RunProgress("search", step, 1000, TimeSpan.FromMinutes(150), "loss 1.5"));
            }

            observer.Message("[a message]");
            observer.Warning("a [warning]");
        }

        Assert.Equal(
            [
                "search 1/1000, 2 h 30 min left  loss 1.5",
                "search 1000/1000, 2 h 30 min left  loss 1.5",
                "[a message]",
                "warning: a [warning]",
            ],
            writer.ToString().TrimEnd().ReplaceLineEndings("\n").Split('\n')
        );
    }

    [Fact]
    public void What_a_terminal_would_obey_is_visible_and_lines_stay_lines()
    {
        using var writer = new StringWriter();
        using (var observer = new ConsoleRunObserver(writer))
        {
            observer.Message("cat\u001b[2J.jpg: no image\n  and more\rover");
            observer.Warning("\u0007bell");
            observer.Progress(new RunProgress("search", 1, 1, null, "a\u009bb"));
        }

        Assert.Equal(
            [@"cat\u001B[2J.jpg: no image", @"  and more\u000Dover", @"warning: \u0007bell", @"search 1/1  a\u009Bb"],
            writer.ToString().TrimEnd().ReplaceLineEndings("\n").Split('\n')
        );
    }

    [Fact]
    public void Quiet_leaves_warnings_only()
    {
        using var writer = new StringWriter();
        using (var observer = new ConsoleRunObserver(writer, isQuiet: true))
        {
            observer.Progress(new RunProgress("search", 1, 10, null, ""));
            observer.EpochEnded(Epoch);
            observer.Message("a message");
            observer.Warning("a warning");
        }

        Assert.Equal("warning: a warning", writer.ToString().TrimEnd());
    }

    [Fact]
    public void Where_nobody_watches_an_epoch_is_plain_text()
    {
        using var writer = new StringWriter();
        using (var observer = new ConsoleRunObserver(writer))
        {
            observer.EpochEnded(Epoch);
        }

        string text = writer.ToString().TrimEnd().ReplaceLineEndings("\n");
        Assert.Equal(2, text.Split('\n').Length);
        Assert.DoesNotContain(text, letter => char.IsControl(letter) && letter != '\n');
    }

    private static RunEpoch Epoch { get; } =
        new()
        {
            Stage = RunEpoch.TrainingStage,
            Run = "runs/photos",
            Epoch = 1,
            Step = 1,
            Steps = 10,
            TrainLoss = 1,
        };

    [Fact]
    public void A_total_that_nobody_knows_is_left_out()
    {
        using var writer = new StringWriter();
        using (var observer = new ConsoleRunObserver(writer))
        {
            observer.Progress(new RunProgress("download", 65536, null, null, "images.tgz"));
        }

        Assert.Equal("download 65536  images.tgz", writer.ToString().TrimEnd());
    }

    [Fact]
    public void A_log_on_a_full_disk_ends_no_job_and_leaves_the_exit_code()
    {
        using var full = new FullDisk();
        using (var observer = new ConsoleRunObserver(full))
        {
            observer.Progress(new RunProgress("search", 1, 10, null, ""));
            observer.Message("a message");
            observer.Warning("a warning");
        }

        using var output = new StringWriter();
        Assert.Equal(2, Proxyless.Cli.CommandLine.Run(["describe", "--arch", "no-such-network"], output, full));
    }

    private sealed class FullDisk : StringWriter
    {
        public override void Write(char value) => throw new IOException("No space left on device");

        public override void Write(string? value) => throw new IOException("No space left on device");

        public override void Write(char[] buffer, int index, int count) =>
            throw new IOException("No space left on device");

        public override void WriteLine(string? value) => throw new IOException("No space left on device");

        public override void Flush() => throw new IOException("No space left on device");
    }
}
