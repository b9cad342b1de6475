using System.Globalization;
using System.Text.Json.Nodes;
using Proxyless.Architectures;
using Proxyless.Locking;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Reliability;

/// <summary>
/// A run that is killed at random moments, as by the kernel where memory runs out, ends as one that was left alone. The
/// long form: <c>PROXYLESS_KILLS=25</c>.
/// </summary>
public sealed class KilledRunTests : IDisposable
{
    private const string Variable = "PROXYLESS_KILLS";
    private const int DefaultKills = 4;

    // Steps of search and training together are over 25 times what a life between two kills gets, or over four times.
    private const int MostEpochs = 4;
    private const int MostCheckpoints = 5;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_that_is_killed_at_random_moments_ends_bit_identical_to_one_that_is_not()
    {
        int kills = int.Parse(
            Environment.GetEnvironmentVariable(Variable) ?? DefaultKills.ToString(CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture
        );
        int epochs = kills > DefaultKills ? MostEpochs : 1;
        string whole = Directory.CreateDirectory(Path.Combine(_folder.Root, "whole")).FullName;
        string killed = Directory.CreateDirectory(Path.Combine(_folder.Root, "killed")).FullName;
        string[] begin =
        [
            "run",
            "--out",
            "run",
            "--target",
            FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8),
            "--search-epochs",
            $"{epochs}",
            "--evaluations",
            "12",
            "--train-epochs",
            $"{epochs}",
            "--batch-size",
            "32",
            "--threads",
            "1",
            "--checkpoint-seconds",
            "0.001",
            "--seed",
            "3",
            "--ema",
            "0.9",
        ];
        CommandLineRun undisturbed = CommandLineProcess.Run(whole, begin);
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Error);

        var random = new Random(kills);
        var moments = new List<string>();
        string run = Path.Combine(killed, "run");
        string[] Words() => File.Exists(Path.Combine(run, "config.yaml")) ? ["run", "--out", "run", "--resume"] : begin;
        for (int kill = 0; kill < kills; kill++)
        {
            using CommandLineProcess process = CommandLineProcess.Start(killed, Words());
            string moment = WaitForMoment(process, Path.Combine(run, "checkpoints"), random);
            Assert.False(
                process.HasExited && process.Wait().ExitCode != 0,
                process.HasExited ? process.Wait().Error : ""
            );
            process.Kill();
            moments.Add(moment);
        }

        CommandLineRun last = CommandLineProcess.Run(killed, Words());
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"killed {kills} times: "
                + $"{string.Join(", ", moments.CountBy(moment => moment).Select(pair => $"{pair.Value} {pair.Key}"))}"
        );
        Assert.True(last.ExitCode == 0, last.Error);
        RunFiles.AssertSame(Path.Combine(whole, "run"), run);

        foreach (string file in (string[])["search.json", "result.json"])
        {
            Assert.Equal(WithoutTimes(Path.Combine(whole, "run", file)), WithoutTimes(Path.Combine(run, file)));
        }

        Assert.DoesNotContain(
            Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories),
            file => file.EndsWith("-tmp", StringComparison.Ordinal) || RunLock.IsOwn(file)
        );
    }

    /// <summary>
    /// Waits for a checkpoint that is being written, for one that has been, or for any moment of the first seconds.
    /// </summary>
    private static string WaitForMoment(CommandLineProcess process, string checkpoints, Random random)
    {
        int kind = random.Next(5);
        if (kind == 0)
        {
            for (int milliseconds = random.Next(3000); milliseconds > 0 && !process.HasExited; milliseconds--)
            {
                Thread.Sleep(1);
            }

            return "at any moment";
        }

        bool within = kind > 2;
        int count = random.Next(1, MostCheckpoints);
        var seen = new HashSet<(string, DateTime)>(Files(checkpoints, within));
        while (count > 0 && !process.HasExited)
        {
            count -= Files(checkpoints, within).Count(seen.Add);
            Thread.Yield();
        }

        return within ? "while a checkpoint was written" : "between two checkpoints";
    }

    private static IEnumerable<(string File, DateTime Written)> Files(string folder, bool areHalf)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateFiles(folder, areHalf ? "*-tmp" : "*.safetensors")
                    .Select(file => (file, areHalf ? default : File.GetLastWriteTimeUtc(file))),
            ];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string WithoutTimes(string file)
    {
        JsonObject result = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        foreach (
            string name in result
                .Select(pair => pair.Key)
                .Where(key => key.EndsWith("seconds", StringComparison.Ordinal))
                .ToArray()
        )
        {
            result.Remove(name);
        }

        return result
            .ToJsonString()
            .Replace("/whole/", "/", StringComparison.Ordinal)
            .Replace("/killed/", "/", StringComparison.Ordinal);
    }
}
