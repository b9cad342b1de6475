using System.Buffers.Binary;
using System.Text.Json;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Reliability;

/// <summary>
/// Runs made by a version of before the layers (commit b62ad87, folder OldRuns) open with this one: a finished run, and
/// a search that was interrupted. Their images are drawn here as they were drawn for them.
/// </summary>
[Collection(nameof(WholeRuns))]
public sealed class OldRunsTests : IDisposable
{
    private const string Placeholder = "@FOLDER@";
    private const int ImagesOfAClass = 40;

    private static readonly string[] Classes = ["left", "right"];

    private readonly TemporaryFolder _folder = new();

    public OldRunsTests()
    {
        _folder.Copy(Path.Combine(Repository.Root, "tests", "Proxyless.Tests", "Reliability", "OldRuns"), ".");
        foreach (string run in (string[])["finished", "interrupted"])
        {
            string config = Path.Combine(_folder.Root, run, "config.yaml");
            File.WriteAllText(
                config,
                File.ReadAllText(config).Replace(Placeholder, _folder.Root, StringComparison.Ordinal)
            );
        }

        for (int label = 0; label < Classes.Length; label++)
        {
            for (int i = 0; i < ImagesOfAClass; i++)
            {
                _folder.Add(Path.Combine("images", Classes[label], $"{i:00}.bmp"), Bitmap(label, i));
            }
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Finished => Path.Combine(_folder.Root, "finished");

    private string Interrupted => Path.Combine(_folder.Root, "interrupted");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_finished_run_is_evaluated_on_its_test_images_with_the_accuracy_it_had()
    {
        RunOptions options = RunDirectory.Open(Finished).ReadConfig();
        var observer = new RecordingObserver();

        EvaluateResult result = ProxylessRun.Evaluate(Finished, options, againstNetwork: true, observer, Cancellation);

        using JsonDocument old = JsonDocument.Parse(File.ReadAllText(Path.Combine(Finished, "result.json")));
        Assert.Equal(12, result.Images);
        Assert.Equal(old.RootElement.GetProperty("top1").GetDouble(), result.Top1);
        Assert.Equal(1, result.NetworkAgreement);
    }

    [Fact]
    public void A_finished_run_gives_a_network_for_another_limit_and_predicts()
    {
        string derived = Path.Combine(_folder.Root, "derived");
        RunOptions options = RunDirectory
            .Open(Finished)
            .ReadConfig()
            .WithTarget(target => target with { LatencyMs = 0.26 }) with
        {
            Out = derived,
        };

        ProxylessRun.Derive(Finished, options, NullRunObserver.Instance, Cancellation);

        Assert.True(File.Exists(Path.Combine(derived, "architecture.json")));
        string photo = Path.Combine(_folder.Root, "images", "left", "00.bmp");
        Prediction prediction = Assert.Single(ProxylessRun.Predict(Finished, [photo], 2, Cancellation));
        Assert.Null(prediction.Error);
        Assert.Equal(1, prediction.Classes.Sum(one => one.Probability), 1e-5);
    }

    [Fact]
    public void An_interrupted_search_goes_on_from_its_checkpoint()
    {
        string log = Path.Combine(Interrupted, "search.jsonl");
        string[] before = File.ReadAllLines(log);
        RunOptions options = RunDirectory.Open(Interrupted).ReadConfig() with { Out = Interrupted, Resume = true };

        RunResult result = ProxylessRun.Run(options, NullRunObserver.Instance, Cancellation);

        string[] after = File.ReadAllLines(log);
        Assert.Equal(60, after.Length);
        Assert.Equal(before, after[..before.Length]);
        Assert.True(File.Exists(result.Model));
    }

    /// <summary>Threads and a device that this machine does not have, which are no options of these commands.</summary>
    [Fact]
    public void The_results_of_a_run_of_another_machine_are_used_on_this_one()
    {
        foreach (string run in (string[])[Finished, Interrupted])
        {
            string config = Path.Combine(run, "config.yaml");
            File.WriteAllText(
                config,
                File.ReadAllText(config)
                    .Replace("threads: 2", "threads: 1000", StringComparison.Ordinal)
                    .Replace("device: cpu", "device: cuda:900", StringComparison.Ordinal)
            );
        }

        string derived = Path.Combine(_folder.Root, "derived");
        string[][] commands =
        [
            ["export", "--run", Finished, "--out", Path.Combine(_folder.Root, "model.onnx")],
            ["evaluate", "--model", Finished, "--against-network"],
            ["derive", "--run", Finished, "--latency", "0.26", "--quick", "--out", derived],
        ];
        foreach (string[] command in commands)
        {
            CommandLineRun outcome = CommandLineRun.Of(command);
            Assert.True(outcome.ExitCode == 0, $"{command[0]}: {outcome.Error}");
            Assert.DoesNotContain("1000", outcome.Error, StringComparison.Ordinal);
        }

        RunOptions options = RunDirectory.Open(derived).ReadConfig();
        Assert.Equal(("cpu", true), (options.Device, options.Threads <= Environment.ProcessorCount));

        CommandLineRun resumed = CommandLineRun.Of("run", "--resume", "--out", Interrupted);
        Assert.Equal(2, resumed.ExitCode);
        Assert.Contains("use --device cpu", resumed.Error, StringComparison.Ordinal);
        resumed = CommandLineRun.Of("run", "--resume", "--out", Interrupted, "--device", "cpu", "--threads", "1");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
    }

    [Fact]
    public void An_interrupted_search_does_not_go_on_with_other_images()
    {
        _folder.Add(Path.Combine("images", "left", "00.bmp"), [.. Bitmap(0, 0), 0]);
        RunOptions options = RunDirectory.Open(Interrupted).ReadConfig() with { Out = Interrupted, Resume = true };

        Assert.Throws<InvalidInputException>(() => ProxylessRun.Run(options, NullRunObserver.Instance, Cancellation));
    }

    /// <summary>A BMP of 16x16 pixels, 24 bits each, rows from the bottom.</summary>
    private static byte[] Bitmap(int label, int i)
    {
        const int Side = 16;
        const int Header = 54;
        var file = new byte[Header + (Side * Side * 3)];
        "BM"u8.CopyTo(file);
        void Write(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        Write(2, file.Length);
        Write(10, Header);
        Write(14, 40);
        Write(18, Side);
        Write(22, Side);
        file[26] = 1;
        file[28] = 24;
        Write(34, file.Length - Header);
        Write(38, 2835);
        Write(42, 2835);
        int next = Header;
        for (int y = Side - 1; y >= 0; y--)
        {
            for (int x = 0; x < Side; x++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    file[next++] = (byte)((i * 37) + (x * 11) + (y * 5) + (channel * 71) + (label * 97));
                }
            }
        }

        return file;
    }
}
