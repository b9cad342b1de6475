using Proxyless.Architectures;
using Proxyless.Cli;
using Proxyless.Locking;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Reliability;

public sealed class InterruptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _target;

    public InterruptionTests() => _target = FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8);

    private RunDirectory Run => new(Path.Combine(_folder.Root, "run"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(CommandLineProcess.Interrupt, "search")]
    [InlineData(CommandLineProcess.Terminate, "train")]
    public void A_signal_ends_a_run_after_the_step_at_hand_with_a_checkpoint(int signal, string stage)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are numbered as on Linux");
        bool isSearch = stage == "search";
        using CommandLineProcess process = CommandLineProcess.StartInForeground(
            _folder.Root,
            "run",
            "--out",
            "run",
            "--target",
            _target,
            "--search-epochs",
            isSearch ? "1000" : "0.1",
            "--train-epochs",
            "1000"
        );
        process.WaitFor($"{stage} 1/");
        process.Signal(signal);
        CommandLineRun run = process.Wait();
        Assert.True(run.ExitCode == 130, run.Error);
        Assert.Contains(
            "'proxyless run --out run --resume' goes on from the checkpoint",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.True(File.Exists(isSearch ? Run.SearchCheckpoint : Run.LastCheckpoint));
        Assert.DoesNotContain(Directory.EnumerateFiles(Run.Root), RunLock.IsOwn);
    }

    /// <summary>As <c>timeout</c> does: one signal to the process, and one to its group.</summary>
    [Fact]
    public void Two_signals_at_once_are_one_request()
    {
        var clock = new ManualClock { Seconds = 100 };
        int left = 0;
        using var cancellation = new CancellationTokenSource();
        using var interruption = new Interruption(cancellation, clock, () => left++);
        interruption.Request();
        Assert.True(cancellation.IsCancellationRequested);
        interruption.Request();
        clock.Seconds += 1;
        interruption.Request();
        Assert.Equal(0, left);
        clock.Seconds += 1;
        interruption.Request();
        Assert.Equal(1, left);
    }

    [Fact]
    public void A_second_signal_leaves_at_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are numbered as on Linux");

        // A step that takes minutes: only a process that does not wait for it ends before its checkpoint.
        using CommandLineProcess process = CommandLineProcess.StartInForeground(
            _folder.Root,
            "run",
            "--out",
            "run",
            "--target",
            FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny").WithInput(512, 3), 8),
            "--resolution",
            "512",
            "--batch-size",
            "680",
            "--search-epochs",
            "2"
        );
        process.WaitFor("weight steps of");

        // One that follows within a second counts as the same request.
        while (!process.HasExited)
        {
            try
            {
                process.Signal(CommandLineProcess.Interrupt);
            }
            catch (InvalidOperationException) when (process.HasExited)
            {
                // It has left meanwhile.
            }

            Thread.Sleep(TimeSpan.FromSeconds(0.4));
        }

        CommandLineRun run = process.Wait();
        Assert.True(run.ExitCode == 130, run.Error);
        Assert.DoesNotContain("goes on from the checkpoint", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Run.SearchCheckpoint));
    }
}
