using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Reliability;

[Collection(nameof(WholeRuns))]
public sealed class RunLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _target;
    private readonly Lazy<string> _images;

    public RunLockTests()
    {
        _target = FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8);
        _images = new(() => SmallSample.Add(_folder));
    }

    private string Run => Path.Combine(_folder.Root, "run");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_that_goes_on_can_be_neither_resumed_nor_replaced_and_after_its_death_it_can()
    {
        using CommandLineProcess first = CommandLineProcess.Start(
            _folder.Root,
            Arguments(epochs: 1000, "--out", "run")
        );
        first.WaitFor("search 1/");
        foreach (string option in (string[])["--resume", "--overwrite"])
        {
            CommandLineRun second = CommandLineProcess.Run(_folder.Root, "run", "--out", "run", option);
            Assert.Equal(2, second.ExitCode);
            Assert.Contains($"'run' is in use by process {first.Id}", second.Error, StringComparison.Ordinal);
        }

        first.Kill();
        CommandLineRun third = CommandLineProcess.Run(
            _folder.Root,
            Arguments(epochs: 0.1, "--out", "run", "--overwrite")
        );
        Assert.True(third.ExitCode == 0, third.Error);
        Assert.Contains($"was left by process {first.Id}", third.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFiles(Run), RunLock.IsOwn);
    }

    [Fact]
    public void Runs_that_begin_in_one_second_get_folders_of_their_own()
    {
        CommandLineProcess[] processes =
        [
            .. Enumerable.Range(0, 3).Select(_ => CommandLineProcess.Start(_folder.Root, Arguments(epochs: 0.1))),
        ];
        CommandLineRun[] runs = [.. processes.Select(process => process.Wait())];
        Array.ForEach(processes, process => process.Dispose());
        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        string[] folders = [.. Directory.EnumerateDirectories(Path.Combine(_folder.Root, "runs"))];
        Assert.Equal(3, folders.Length);
        Assert.All(folders, folder => Assert.True(File.Exists(Path.Combine(folder, "model.onnx"))));
    }

    [Fact]
    public void A_target_of_a_search_for_several_is_left_alone_while_another_job_works_on_it()
    {
        string other = Path.Combine(_folder.Root, "other.yaml");
        File.Copy(_target, other);
        var options = new RunOptions
        {
            Out = Run,
            Data = new() { Path = _images.Value },
            Target = new()
            {
                Name = _target,
                LatencyMs = 100,
                AlsoFor = $"{other}=100",
            },
            Search = new()
            {
                Space = "tiny",
                Epochs = 0.2,
                Evaluations = 4,
            },
            Training = new() { BatchSize = 32 },
        };
        ProxylessRun.SearchAll(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        var part = new RunDirectory(Path.Combine(Run, "other"));
        byte[] before = File.ReadAllBytes(part.SearchCheckpoint);
        using (RunLock.Acquire(part.Root))
        {
            var exception = Assert.Throws<InvalidInputException>(() =>
                ProxylessRun.SearchAll(
                    options with
                    {
                        Overwrite = true,
                        Seed = 1,
                    },
                    NullRunObserver.Instance,
                    TestContext.Current.CancellationToken
                )
            );
            Assert.Contains("in use", exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, File.ReadAllBytes(part.SearchCheckpoint));
        ProxylessRun.SearchAll(
            options with
            {
                Overwrite = true,
                Seed = 1,
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.NotEqual(before, File.ReadAllBytes(part.SearchCheckpoint));
        Assert.DoesNotContain(Directory.EnumerateFiles(Run, "*", SearchOption.AllDirectories), RunLock.IsOwn);
    }

    [Fact]
    public void New_folders_of_one_second_are_numbered()
    {
        using var first = RunLock.AcquireNew(_folder.Root);
        using var second = RunLock.AcquireNew(_folder.Root);
        Assert.NotEqual(first.Folder, second.Folder);
    }

    [Fact]
    public void A_second_job_of_the_same_process_is_refused_too_until_the_first_is_done()
    {
        using (RunLock.Acquire(Run))
        {
            var exception = Assert.Throws<InvalidInputException>(() => RunLock.Acquire(Run));
            Assert.Contains(
                $"process {Environment.ProcessId} on {Environment.MachineName}",
                exception.Message,
                StringComparison.Ordinal
            );
        }

        Assert.False(Directory.Exists(Run));
        using RunLock again = RunLock.Acquire(Run);
        Assert.Null(again.Dead);
    }

    [Fact]
    public void A_folder_that_was_there_stays_with_what_is_in_it()
    {
        Directory.CreateDirectory(Run);
        RunLock.Acquire(Run).Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Run));
    }

    [Fact]
    public void A_holder_on_another_host_is_believed_until_its_file_is_removed()
    {
        string file = Hold(RunHolder.Current() with { Host = "elsewhere", Process = 4711 });
        var exception = Assert.Throws<InvalidInputException>(() => RunLock.Acquire(Run));
        Assert.Contains("process 4711 on elsewhere", exception.Message, StringComparison.Ordinal);
        Assert.Contains(file, exception.Message, StringComparison.Ordinal);
        File.Delete(file);
        RunLock.Acquire(Run).Dispose();
    }

    [Fact]
    public void A_job_of_another_host_that_records_itself_first_has_the_folder()
    {
        bool Late(string path, byte[] content)
        {
            if (!File.Exists(path))
            {
                Hold(Holders.Elsewhere());
            }

            return WorkClaim.TryCreate(path, content);
        }

        Assert.Null(RunLock.TryAcquire(Run, out RunHolder? holder, Late));
        Assert.Equal("elsewhere", holder!.Host);
        Assert.Equal(holder, RunLock.HolderOf(Run));
    }

    [Fact]
    public void The_record_of_another_job_stays_when_one_that_was_given_up_ends()
    {
        RunLock first = RunLock.Acquire(Run);
        Hold(Holders.Elsewhere());
        first.Dispose();
        Assert.Equal("elsewhere", RunLock.HolderOf(Run)!.Host);
    }

    [Fact]
    public void A_record_that_cannot_be_read_is_replaced()
    {
        Directory.CreateDirectory(Run);
        File.WriteAllText(Path.Combine(Run, ".lock.json"), "{");
        using RunLock held = RunLock.Acquire(Run);
        Assert.Null(held.Dead);
        Assert.True(RunLock.HolderOf(Run)!.IsCurrent);
    }

    [Fact]
    public void A_process_that_got_the_number_of_a_dead_holder_is_not_taken_for_it()
    {
        Hold(Holders.Killed());
        using RunLock held = RunLock.Acquire(Run);
        Assert.Equal(Environment.ProcessId, held.Dead!.Process);
    }

    [Fact]
    public void What_a_dead_holder_had_half_written_is_removed()
    {
        Hold(Holders.Killed());
        string checkpoints = Path.Combine(Run, "checkpoints");
        Directory.CreateDirectory(checkpoints);
        Assert.Throws<IOException>(() =>
            AtomicFile.Write(
                Path.Combine(checkpoints, "last.safetensors"),
                stream =>
                {
                    // As of another process that dies here.
                    string half = Assert.Single(Directory.EnumerateFiles(checkpoints));
                    File.WriteAllText(
                        half.Replace(".proxyless-tmp", "7.proxyless-tmp", StringComparison.Ordinal),
                        "half"
                    );
                    throw new IOException();
                }
            )
        );
        Assert.Single(Directory.EnumerateFiles(checkpoints));
        RunLock.Acquire(Run).Dispose();
        Assert.Empty(Directory.EnumerateFiles(checkpoints));
    }

    [Fact]
    public void A_run_that_was_killed_before_its_configuration_was_written_can_be_begun_again()
    {
        Hold(Holders.Killed());
        File.WriteAllText(Path.Combine(Run, ".lock"), "");
        File.WriteAllText(Path.Combine(Run, ".config.yaml.7.1.proxyless-tmp"), "dat");
        using (RunDirectory.Claim(Run, resume: false, overwrite: false, NullRunObserver.Instance, out _))
        {
            Assert.Empty(Directory.EnumerateFiles(Run, "*-tmp"));
        }
    }

    /// <summary>What .NET says depends on whether the folder is there again when it looks for the reason.</summary>
    [Fact]
    public void A_folder_that_was_removed_between_its_making_and_its_lock_is_made_again()
    {
        Assert.True(RunLock.WasRemovedMeanwhile(Run, new DirectoryNotFoundException()));
        Assert.True(RunLock.WasRemovedMeanwhile(Run, new FileNotFoundException()));
        Assert.False(RunLock.WasRemovedMeanwhile(Run, new IOException("full", 28)));
        string within = Path.Combine(Run, "no", "such", "folder");
        Assert.False(RunLock.WasRemovedMeanwhile(within, new FileNotFoundException()));
    }

    [Fact]
    public void Of_many_that_want_one_folder_at_once_one_gets_it()
    {
        int inside = 0;
        int most = 0;
        int times = 0;
        Parallel.For(
            0,
            200,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            _ =>
            {
                if (RunLock.TryAcquire(Run, out RunHolder? _) is not { } held)
                {
                    return;
                }

                int now = Interlocked.Increment(ref inside);
                most = Math.Max(most, now);
                Interlocked.Increment(ref times);
                Interlocked.Decrement(ref inside);
                held.Dispose();
            }
        );
        Assert.Equal(1, most);
        Assert.NotEqual(0, times);
        RunLock.Acquire(Run).Dispose();
    }

    [Fact]
    public void A_clock_that_was_set_does_not_make_a_holder_dead_nor_another_start_a_dead_one_alive()
    {
        RunHolder current = RunHolder.Current();
        Assert.SkipWhen(current.Kernel is null, "the system does not say when a process began in its own ticks");
        Assert.True((current with { ProcessStarted = current.ProcessStarted.AddHours(1) }).IsAlive());
        Assert.False((current with { Kernel = current.Kernel! with { Start = current.Kernel.Start - 1 } }).IsAlive());
        Assert.False((current with { Kernel = current.Kernel with { Boot = "before" } }).IsAlive());

        // As an older version wrote it.
        Assert.True((current with { Kernel = null }).IsAlive());
        Assert.False((Holders.Killed() with { Kernel = null }).IsAlive());
    }

    private string Hold(RunHolder holder)
    {
        string file = Path.Combine(Run, ".lock.json");
        AtomicFile.WriteAllText(file, JsonSerializer.Serialize(holder, JsonLines.Options));
        return file;
    }

    private IEnumerable<string> Arguments(double epochs, params IEnumerable<string> more) =>
        [
            "run",
            "--data",
            _images.Value,
            "--space",
            "tiny",
            "--target",
            _target,
            "--search-epochs",
            epochs.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            "--evaluations",
            "4",
            "--train-epochs",
            "0.1",
            "--batch-size",
            "32",
            .. more,
        ];
}
