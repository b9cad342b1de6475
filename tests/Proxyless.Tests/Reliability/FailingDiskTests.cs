using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Proxyless.Training;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Reliability;

/// <summary>What surrounds a run fails in its midst: its disk, the folder of its images, its numbers.</summary>
[Collection(nameof(WholeRuns))]
public sealed class FailingDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("search", 0.5)]
    [InlineData("train", 0.5)]
    [InlineData("train", 0)]
    public void Images_that_vanish_end_a_run_with_a_checkpoint_of_the_last_step_and_it_goes_on_once_they_are_back(
        string stage,
        double share
    )
    {
        string images = Images("images");
        RunOptions options = Options(images);
        ProxylessRun.Run(
            options with
            {
                Out = Path.Combine(_folder.Root, "whole", "run"),
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

        string away = Path.Combine(_folder.Root, "away");
        var observer = new At(stage, share, () => Directory.Move(images, away));
        var exception = Assert.Throws<RunFailedException>(() =>
            ProxylessRun.Run(options, observer, TestContext.Current.CancellationToken)
        );
        Assert.Equal(options.Out, exception.Run);
        Assert.Contains(images, exception.Message, StringComparison.Ordinal);
        var run = new RunDirectory(options.Out!);
        Assert.True(new CheckpointFile(stage == "search" ? run.SearchCheckpoint : run.LastCheckpoint).Exists);
        Assert.DoesNotContain(
            observer.Warnings,
            warning => warning.Contains("takes its place", StringComparison.Ordinal)
        );

        Directory.Move(away, images);
        ProxylessRun.Run(
            new RunOptions { Out = options.Out, Resume = true },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder.Root, "whole", "run", "model.onnx")),
            File.ReadAllBytes(run.Model)
        );
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_ends_a_run_and_leaves_the_one_before()
    {
        RunOptions options = Options(SmallSample.Add(_folder), classes: 8);
        var run = new RunDirectory(options.Out!);
        string checkpoints = Path.GetDirectoryName(run.SearchCheckpoint)!;
        string aside = checkpoints + "-aside";
        var observer = new At(
            "search",
            0.5,
            () =>
            {
                Directory.Move(checkpoints, aside);
                File.WriteAllText(checkpoints, "in the way");
            }
        );
        Assert.Throws<RunFailedException>(() =>
            ProxylessRun.Run(options, observer, TestContext.Current.CancellationToken)
        );
        File.Delete(checkpoints);
        Directory.Move(aside, checkpoints);
        ProxylessRun.Run(
            new RunOptions { Out = options.Out, Resume = true },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        ProxylessRun.Run(
            options with
            {
                Out = Path.Combine(_folder.Root, "whole", "run"),
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder.Root, "whole", "run", "model.onnx")),
            File.ReadAllBytes(run.Model)
        );
    }

    [Fact]
    public void A_training_whose_folder_is_moved_away_ends_and_begins_no_other_one_there()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a folder with an open file cannot be moved there");
        RunOptions options = Options(SmallSample.Add(_folder), classes: 8);
        var run = new RunDirectory(options.Out!);
        var observer = new At("train", 0.5, () => Directory.Move(run.Root, Path.Combine(_folder.Root, "away")));
        var exception = Assert.Throws<RunFailedException>(() =>
            ProxylessRun.Run(options, observer, TestContext.Current.CancellationToken)
        );
        Assert.Equal(options.Out, exception.Run);
        Assert.Contains($"the run's folder '{run.Root}' is gone", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.Root));
    }

    [Fact]
    public void A_command_whose_folder_is_moved_away_says_how_to_go_on_with_code_1()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a folder with an open file cannot be moved there");
        using CommandLineProcess search = CommandLineProcess.Start(
            _folder.Root,
            "search",
            "--data",
            SmallSample.Add(_folder),
            "--space",
            "tiny",
            "--out",
            "run",
            "--target",
            FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8),
            "--search-epochs",
            "1000",
            "--checkpoint-seconds",
            "0.001"
        );
        var run = new RunDirectory(Path.Combine(_folder.Root, "run"));
        while (!File.Exists(run.SearchCheckpoint))
        {
            Assert.False(search.HasExited, search.HasExited ? search.Wait().Error : "");
            Thread.Sleep(1);
        }

        Directory.Move(run.Root, Path.Combine(_folder.Root, "away"));
        CommandLineRun ended = search.Wait();
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("is gone", ended.Error, StringComparison.Ordinal);
        Assert.Contains(
            "once it is there again, 'proxyless search --out run --resume' goes on from the last checkpoint",
            ended.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_full_disk_ends_a_run_with_a_message_that_says_how_to_go_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && CanMount(), "a small disk can be mounted by root alone");

        // Mounted in a namespace of its own, which ends with the shell. The resume has a larger disk.
        string target = FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8);
        string disk = Directory.CreateDirectory(Path.Combine(_folder.Root, "disk")).FullName;
        string program = CommandLineProcess.Program;
        string script = $"""
            mount -t tmpfs -o size=1m tmpfs '{disk}'
            '{program}' run --data '{SmallSample.Add(
                _folder
            )}' --space tiny --out '{disk}/run' --target '{target}' --checkpoint-seconds 0.001 --search-epochs 1 --train-epochs 1
            echo "code $?"
            ls '{disk}/run/checkpoints'
            mount -o remount,size=64m '{disk}'
            '{program}' run --out '{disk}/run' --resume
            echo "code $?"
            """;
        using Process shell = Process.Start(
            new ProcessStartInfo("unshare", ["--mount", "bash", "-c", script])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        Task<string> error = shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string said = await error;
        Assert.True(output.Contains("code 1\n", StringComparison.Ordinal), said);
        Assert.Contains("No space left", said, StringComparison.Ordinal);
        Assert.Contains(
            $"free some space, then 'proxyless run --out {disk}/run --resume' goes on from the last checkpoint",
            said,
            StringComparison.Ordinal
        );
        Assert.True(output.TrimEnd().EndsWith("code 0", StringComparison.Ordinal), said);
    }

    [Fact]
    public void A_full_disk_ends_a_process_that_would_train_for_a_comparison_instead_of_keeping_it_waiting()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && CanMount(), "a small disk can be mounted by root alone");
        string target = FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8);
        string disk = Directory.CreateDirectory(Path.Combine(_folder.Root, "disk")).FullName;
        string program = CommandLineProcess.Program;
        string script = $"""
            mount -t tmpfs -o size=64m tmpfs '{disk}'
            '{program}' compare --data '{SmallSample.Add(
                _folder
            )}' --out '{disk}/c' --space tiny --target '{target}' --network random:1 --train-epochs 1
            rm -r '{disk}/c/networks/random-1/seed-0'
            mkdir '{disk}/c/networks/random-1/seed-0'
            cat /dev/zero > '{disk}/fill'
            '{program}' compare --out '{disk}/c' --join
            echo "code $?"
            rm '{disk}/fill'
            '{program}' compare --out '{disk}/c' --join
            echo "code $?"
            """;
        CommandLineRun run = CommandLineProcess
            .StartProgram("unshare", _folder.Root, "--mount", "bash", "-c", script)
            .Wait();
        Assert.True(run.Output.Contains("code 1\n", StringComparison.Ordinal), run.Error);
        Assert.Contains(
            $"free some space, then 'proxyless compare --out {disk}/c --join' goes on",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.True(run.Output.TrimEnd().EndsWith("code 0", StringComparison.Ordinal), run.Error);
    }

    [Theory]
    [InlineData("search")]
    [InlineData("train")]
    public void A_search_or_training_that_diverges_ends_with_the_last_finite_state(string stage)
    {
        // Weights that a step multiplies by -11 leave the finite numbers in a few dozen steps, whatever the images are.
        RunOptions options = Options("sample", classes: 8).WithSearch(search => search with { Epochs = 1 });
        RunOptions diverging = options with
        {
            Training = options.Training with { LearningRate = 100, WeightDecay = 0.99 },
        };
        var run = new RunDirectory(options.Out!);
        bool isSearch = stage == "search";
        if (!isSearch)
        {
            ProxylessRun.Search(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        }

        var exception = Assert.Throws<TrainingDivergedException>(() =>
            _ = isSearch
                ? (object)
                    ProxylessRun.Search(diverging, NullRunObserver.Instance, TestContext.Current.CancellationToken)
                : ProxylessRun.Train(
                    diverging with
                    {
                        Out = null,
                    },
                    run.Root,
                    NullRunObserver.Instance,
                    TestContext.Current.CancellationToken
                )
        );
        Assert.Contains(
            (isSearch ? "SearchOptions" : "TrainingOptions") + ".LearningRate = ",
            exception.Message,
            StringComparison.Ordinal
        );
        SafeTensorsFile file = SafeTensorsFile.Read(isSearch ? run.SearchCheckpoint : run.LastCheckpoint);
        Assert.All(
            file.Tensors,
            tensor => Assert.All(tensor.Value.Values, value => Assert.True(float.IsFinite(value), tensor.Key))
        );
    }

    private static bool CanMount()
    {
        try
        {
            using Process probe = Process.Start(
                new ProcessStartInfo("unshare", ["--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"])
                {
                    RedirectStandardError = true,
                }
            )!;
            probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private RunOptions Options(string data, int classes = 2) =>
        new()
        {
            Data = new() { Path = data },
            Search = new()
            {
                Space = "tiny",
                Epochs = 1,
                Evaluations = 4,
            },
            Target = new() { Name = FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), classes) },
            Out = Path.Combine(_folder.Root, "broken", "run"),
            Training = new() { Epochs = 2, BatchSize = 32 },
            Threads = 1,
            CheckpointSeconds = 0.001,
        };

    /// <summary>Large enough to be read anew for every step.</summary>
    private string Images(string name)
    {
        for (int i = 0; i < 100; i++)
        {
            _folder.Add(
                Path.Combine(name, i % 2 == 0 ? "even" : "odd", $"{i}.png"),
                TestPictures.Noise(i, 100 + i, 120, SKEncodedImageFormat.Jpeg)
            );
        }

        return Path.Combine(_folder.Root, name);
    }

    /// <summary>Does something once, when a share of a stage is done.</summary>
    private sealed class At(string stage, double share, Action act) : IRunObserver
    {
        private bool _done;

        public List<string> Warnings { get; } = [];

        public TimeSpan ProgressInterval => TimeSpan.Zero;

        public void Progress(RunProgress progress)
        {
            if (!_done && progress.Stage == stage && progress.Done >= share * progress.Total)
            {
                _done = true;
                act();
            }
        }

        public void Message(string text) { }

        public void Warning(string text) => Warnings.Add(text);
    }
}
