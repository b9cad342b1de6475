using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Proxyless.Architectures;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Comparisons;

/// <summary>A comparison whose trainings several processes divide among them.</summary>
public sealed class SharedComparisonTests : IDisposable
{
    private const int Trainings = 12;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Three_processes_one_of_them_killed_make_the_tables_of_one_and_nothing_twice()
    {
        string alone = Directory.CreateDirectory(Path.Combine(_folder.Root, "alone")).FullName;
        string shared = Directory.CreateDirectory(Path.Combine(_folder.Root, "shared")).FullName;
        string[] words =
        [
            "compare",
            "--out",
            "c",
            "--space",
            "tiny",
            "--target",
            FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8),
            "--network",
            "random:6",
            "--seeds",
            "2",
            "--train-epochs",
            "1",
            "--batch-size",
            "32",
            "--threads",
            "1",
        ];
        string[] join = ["compare", "--out", "c", "--join", "--threads", "1", "--json"];
        CommandLineRun one = CommandLineProcess.Run(alone, words);
        Assert.True(one.ExitCode == 0, one.Error);

        using CommandLineProcess leader = CommandLineProcess.Start(shared, words);
        leader.WaitFor("train 1/");

        // It stands still, and keeps what it trains, since it still shows life: all others are trained by those that
        // join.
        using var life = new SignsOfLife(StoppedClaim(leader, shared));
        int made;
        using (CommandLineProcess victim = CommandLineProcess.Start(shared, join))
        {
            victim.WaitFor("train 1/");
            victim.Kill();
            made = Ended(victim.Error());
        }

        using CommandLineProcess helper = CommandLineProcess.Start(shared, join);
        using CommandLineProcess restarted = CommandLineProcess.Start(shared, join);
        restarted.WaitFor("one training is left, in another process");
        helper.WaitFor("one training is left, in another process");
        life.Dispose();
        int before = Ended(leader.Error());
        leader.Continue();
        CommandLineRun again = restarted.Wait();
        CommandLineRun helped = helper.Wait();
        CommandLineRun led = leader.Wait();
        Assert.True(led.ExitCode == 0, led.Error);
        Assert.True(helped.ExitCode == 0, helped.Error);
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.InRange(Ended(led.Error), 1, before + 1);
        Assert.Equal(Trainings, Ended(led.Error) + made + Ended(helped.Error) + Ended(again.Error));
        Assert.Equal(
            Ended(helped.Error),
            JsonDocument.Parse(helped.Output).RootElement.GetProperty("trainings").GetInt32()
        );
        foreach (string table in (string[])["comparison.csv", "comparison.md", "comparison.svg"])
        {
            Assert.Equal(
                File.ReadAllText(Path.Combine(alone, "c", table)),
                File.ReadAllText(Path.Combine(shared, "c", table))
            );
        }

        Assert.DoesNotContain(
            Directory.EnumerateFiles(shared, "*", SearchOption.AllDirectories),
            file =>
                Path.GetFileName(file).StartsWith(".claim", StringComparison.Ordinal)
                || file.EndsWith("-tmp", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Joining_changes_nothing()
    {
        CommandLineRun changed = CommandLineRun.Of("compare", "--out", _folder.Root, "--join", "--train-epochs", "3");
        Assert.Equal(2, changed.ExitCode);
        Assert.Contains("cannot change --train-epochs", changed.Error, StringComparison.Ordinal);
    }

    /// <summary>
    /// Stops a process while it holds a claim, and returns the claim: between two trainings it has none, and then goes
    /// on for a moment.
    /// </summary>
    private static string StoppedClaim(CommandLineProcess leader, string folder)
    {
        while (true)
        {
            leader.Stop();

            // The signal may take a moment to arrive.
            Thread.Sleep(100);
            string[] claims = [.. Directory.EnumerateFiles(folder, ".claim-*.json", SearchOption.AllDirectories)];
            if (claims is [var claim])
            {
                return claim;
            }

            leader.Continue();
            Thread.Sleep(10);
            Assert.False(leader.HasExited, "the leader has trained everything alone");
        }
    }

    /// <summary>The trainings that a process has ended, by what it said.</summary>
    private static int Ended(string error) =>
        error
            .Split('\n')
            .Count(line => line.StartsWith("network ", StringComparison.Ordinal) && line.Contains("top-1"));

    /// <summary>Changes a claim every second, as a holder does that does not stand still.</summary>
    private sealed class SignsOfLife : IDisposable
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        private readonly string _claim;
        private readonly ManualResetEventSlim _isOver = new();
        private readonly Thread _thread;
        private Exception? _failure;

        public SignsOfLife(string claim)
        {
            _claim = claim;
            _thread = new Thread(Show) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _isOver.Set();
            _thread.Join();
            if (Interlocked.Exchange(ref _failure, null) is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }

        private void Show()
        {
            while (!_isOver.Wait(Pause))
            {
                try
                {
                    JsonNode record = JsonNode.Parse(File.ReadAllText(_claim))!;
                    record["beat"] = record["beat"]!.GetValue<long>() + 1;
                    File.WriteAllText(_claim, record.ToJsonString());
                }
                catch (Exception exception)
                {
                    // An exception of a thread would end all tests.
                    _failure = exception;
                    return;
                }
            }
        }
    }
}
