using System.Diagnostics;
using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;
using static System.FormattableString;

namespace Proxyless.Tests.Distributed;

/// <summary>Searches and trainings whose steps several processes share.</summary>
public sealed class SharedRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _target;
    private readonly string _images;

    public SharedRunTests()
    {
        _target = FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8);
        _images = SmallSample.Add(_folder);
    }

    public static TheoryData<string> Mpis => ["openmpi", "mpich"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Mpis))]
    public void A_run_of_two_processes_ends_like_itself_to_the_bit_and_says_who_shares_it(string mpi)
    {
        string one = Directory.CreateDirectory(Path.Combine(_folder.Root, "one")).FullName;
        string other = Directory.CreateDirectory(Path.Combine(_folder.Root, "other")).FullName;
        CommandLineRun first = MpiJob.Run(mpi, 2, one, [.. Words(), "--json"]);
        CommandLineRun second = MpiJob.Run(mpi, 2, other, Words());
        Assert.True(first.ExitCode == 0, first.Error);
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.Contains("2 processes share the steps", first.Error, StringComparison.Ordinal);
        Assert.True(JsonDocument.Parse(first.Output).RootElement.TryGetProperty("top1", out _));
        RunFiles.AssertSame(Path.Combine(one, "run"), Path.Combine(other, "run"));
    }

    [Theory]
    [InlineData("openmpi", 0, 3)]
    [InlineData("mpich", 1, 2)]
    public void A_process_that_is_killed_ends_the_job_and_another_number_goes_on(string mpi, int rank, int number)
    {
        string[] words = [.. Words(epochs: "3"), "--checkpoint-seconds", "0.001"];
        using (CommandLineProcess job = MpiJob.Start(mpi, 2, _folder.Root, words))
        {
            var run = new RunDirectory(Path.Combine(_folder.Root, "run"));
            WaitFor(() => File.Exists(run.SearchCheckpoint), job);
            using (var victim = Process.GetProcessById(MpiJob.ProcessOf(job, rank)))
            {
                victim.Kill();
            }

            // mpirun ends the other process; what holds it up would be a process that waits for the one that is gone.
            Assert.NotEqual(0, job.Wait().ExitCode);
        }

        foreach (int processes in (int[])[number, 1])
        {
            string copy = $"with-{processes}";
            _folder.Copy(Path.Combine(_folder.Root, "run"), copy);
            CommandLineRun resumed = MpiJob.Run(mpi, processes, _folder.Root, "run", "--out", copy, "--resume");
            Assert.True(resumed.ExitCode == 0, resumed.Error);
            Assert.True(File.Exists(Path.Combine(_folder.Root, copy, "model.onnx")));
        }
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void Two_processes_score_networks_as_one_does(string mpi)
    {
        string[] search =
        [
            "search",
            "--data",
            _images,
            "--space",
            "tiny",
            "--out",
            "run",
            "--target",
            _target,
            "--search-epochs",
            "0.5",
            "--batch-size",
            "32",
        ];
        CommandLineRun searched = CommandLineProcess.Run(_folder.Root, search);
        Assert.True(searched.ExitCode == 0, searched.Error);
        string[] derive = ["derive", "--run", "run", "--latency", "0.12", "--evaluations", "6", "--out"];
        CommandLineRun one = CommandLineProcess.Run(_folder.Root, [.. derive, "one"]);
        CommandLineRun two = MpiJob.Run(mpi, 2, _folder.Root, [.. derive, "two"]);
        Assert.True(one.ExitCode == 0, one.Error);
        Assert.True(two.ExitCode == 0, two.Error);
        Dictionary<string, SharedScore> alone = Scores("one");
        Dictionary<string, SharedScore> shared = Scores("two");
        Assert.Equal(alone.Count, shared.Count);

        // Later proposals follow from scores that differ by rounding; the first do not.
        string[] same = [.. alone.Keys.Intersect(shared.Keys)];
        Assert.NotEmpty(same);
        Assert.All(same, choice => Assert.Equal(alone[choice].Loss, shared[choice].Loss, 1e-4));
        Assert.All(same, choice => Assert.Equal(alone[choice].Top1, shared[choice].Top1, 0.02));
    }

    [Fact]
    public void A_comparison_does_not_keep_the_number_of_threads_that_each_of_two_processes_had()
    {
        string[] words =
        [
            "compare",
            "--data",
            _images,
            "--space",
            "tiny",
            "--out",
            "compared",
            "--target",
            _target,
            "--network",
            "random:1",
            "--train-epochs",
            "1",
            "--batch-size",
            "32",
        ];
        CommandLineRun run = MpiJob.Run("openmpi", 2, _folder.Root, words);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Null(RunConfigFile.Read(new RunDirectory(Path.Combine(_folder.Root, "compared")).Config).Threads);
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void Bad_input_is_said_once_with_its_exit_code(string mpi)
    {
        CommandLineRun run = MpiJob.Run(mpi, 2, _folder.Root, "run", "--data", "nowhere");
        Assert.Equal(2, run.ExitCode);
        Assert.Single(run.Error.Split('\n'), line => line.StartsWith("error: nowhere", StringComparison.Ordinal));
        CommandLineRun few = MpiJob.Run(mpi, 2, _folder.Root, Words(batch: "3"));
        Assert.Equal(2, few.ExitCode);
        Assert.Contains("start fewer processes, or raise --batch-size to 4", few.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void A_signal_to_the_first_process_ends_all_with_a_checkpoint(string mpi)
    {
        string[] words = Words(epochs: "1000");
        using CommandLineProcess job = MpiJob.Start(mpi, 2, _folder.Root, words);
        job.WaitFor("search 1/");
        using (var signal = Process.Start("kill", ["-INT", Invariant($"{MpiJob.ProcessOf(job, 0)}")]))
        {
            signal.WaitForExit();
        }

        CommandLineRun run = job.Wait();
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("--out run --resume' goes on from the checkpoint", run.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.Root, "run", "checkpoints", "search.safetensors")));
    }

    /// <summary>The statistics of batch norms are fixed there, so that the processes differ by rounding only.</summary>
    [Theory]
    [MemberData(nameof(Mpis))]
    public void Two_processes_train_a_teacher_and_learn_its_answers_as_one_does(string mpi)
    {
        var small = new SmallPretrained(_folder);
        string[] run =
        [
            "run",
            "--data",
            SmallPretrained.AddMany(_folder),
            "--arch",
            small.Network,
            "--weights",
            small.Weights,
            "--target",
            small.Target,
            "--latency",
            Invariant($"{small.NarrowLimit}"),
            "--train-epochs",
            "1",
            "--batch-size",
            "32",
            "--threads",
            "1",
            "--out",
        ];
        CommandLineRun one = CommandLineProcess.Run(_folder.Root, [.. run, "one", "--teacher"]);
        CommandLineRun two = MpiJob.Run(mpi, 2, _folder.Root, [.. run, "two", "--teacher"]);
        Assert.True(one.ExitCode == 0, one.Error);
        Assert.True(two.ExitCode == 0, two.Error);
        Assert.Contains("teacher: the whole network", two.Error, StringComparison.Ordinal);
        Assert.InRange(Apart("one", "two", "teacher.safetensors"), 0, 1e-4);
        double apart = Apart("one", "two", "best.safetensors");

        // What labels would have made of it is farther away.
        CommandLineRun untaught = CommandLineProcess.Run(_folder.Root, [.. run, "untaught"]);
        Assert.True(untaught.ExitCode == 0, untaught.Error);
        Assert.InRange(apart, 0, 0.1 * Apart("one", "untaught", "best.safetensors"));
    }

    /// <summary>The root of the mean squared difference of all weights.</summary>
    private double Apart(string run, string other, string file) =>
        Math.Sqrt(Weights(run, file).Zip(Weights(other, file), (a, b) => ((double)a - b) * (a - b)).Average());

    private float[] Weights(string run, string file) =>
        [
            .. SafeTensorsFile
                .Read(Path.Combine(_folder.Root, run, "checkpoints", file))
                .Tensors.OrderBy(tensor => tensor.Key, StringComparer.Ordinal)
                .SelectMany(tensor => tensor.Value.Values),
        ];

    private Dictionary<string, SharedScore> Scores(string run) =>
        JsonLines
            .Read<SharedScore>(Path.Combine(_folder.Root, run, "scores.jsonl"))
            .ToDictionary(score => string.Join('-', score.Choice));

    private string[] Words(string batch = "32", string epochs = "0.5") =>
        [
            "run",
            "--data",
            _images,
            "--space",
            "tiny",
            "--out",
            "run",
            "--target",
            _target,
            "--search-epochs",
            epochs,
            "--train-epochs",
            "1",
            "--evaluations",
            "6",
            "--batch-size",
            batch,
            "--seed",
            "3",
            "--ema",
            "0.9",
        ];

    private static void WaitFor(Func<bool> condition, CommandLineProcess job)
    {
        while (!condition())
        {
            Assert.False(job.HasExited, job.HasExited ? job.Wait().Error : "");
            Thread.Sleep(1);
        }
    }
}
