using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Pretrained;
using Xunit;
using static System.FormattableString;

namespace Proxyless.Tests.Runs;

/// <summary>Runs that begin with pretrained weights and find a network for each of several limits.</summary>
[Collection(nameof(WholeRuns))]
public sealed class SpecializeLimitsTests : IDisposable
{
    // In seconds.
    private const long TwoHours = 7200;

    private readonly TemporaryFolder _folder = new();
    private readonly SmallPretrained _small;
    private readonly double _whole;

    public SpecializeLimitsTests()
    {
        _small = new SmallPretrained(_folder);
        _whole = _small.LatencyOf(_small.At(2 * SmallPretrained.HalfSide));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private double Slower => Math.Round(0.8 * _whole, 2);

    private double Faster => Math.Round(0.5 * _whole, 2);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_limit_gets_the_network_that_a_run_for_it_alone_finds()
    {
        RunOptions options = Options("several", Slower, Faster);
        LimitResults<RunResult> all = ProxylessRun.RunAll(options, _small.Network, null, Cancellation);
        Assert.Empty(all.Failures);
        Assert.Equal(Path.GetFullPath(options.Out!), Path.GetFullPath(all.Run));
        Assert.Equal([Slower, Faster], all.Networks.Select(network => network.LatencyLimitMs));
        foreach (RunResult network in all.Networks)
        {
            Assert.InRange(network.LatencyMs, 0, network.LatencyLimitMs);
            Assert.Equal(Invariant($"{network.LatencyLimitMs}ms"), Path.GetFileName(network.Run));

            // The name of the folder is part of the model.
            RunOptions alone = Options(Path.Combine("alone", Path.GetFileName(network.Run)), network.LatencyLimitMs);
            RunResult expected = ProxylessRun.Run(alone, _small.Network, null, Cancellation);
            Assert.Equal(File.ReadAllBytes(expected.Model), File.ReadAllBytes(network.Model));
            Assert.Equal(expected.Top1, network.Top1);

            // It is a run of its own.
            EvaluateResult evaluated = ProxylessRun.Evaluate(network.Run, alone, false, null, Cancellation);
            Assert.Equal(network.Top1, evaluated.Top1);
        }

        Assert.All(
            all.Networks.Select(network => network.Run).Append(all.Run),
            run => Assert.False(RunConfigFile.Read(new RunDirectory(run).Config).Training.OnAll)
        );
        string report = File.ReadAllText(new RunDirectory(all.Run).Report);
        Assert.All(
            all.Networks,
            network => Assert.Contains(Path.GetFileName(network.Run), report, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("shared weights", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_that_no_network_meets_does_not_stop_the_other()
    {
        var observer = new RecordingObserver();
        LimitResults<RunResult> all = ProxylessRun.RunAll(
            Options("several", Faster, 1e-3),
            _small.Network,
            observer,
            Cancellation
        );
        Assert.Equal(Faster, Assert.Single(all.Networks).LatencyLimitMs);
        Assert.Equal(1e-3, Assert.Single(all.Failures).LatencyLimitMs);
        Assert.Contains(observer.Warnings, warning => warning == all.Failures[0].Message);
        Assert.Throws<LimitNotMetException>(() =>
            ProxylessRun.RunAll(Options("neither", 1e-3, 2e-3), _small.Network, null, Cancellation)
        );
        Assert.False(File.Exists(new RunDirectory(Path.Combine(_folder.Root, "neither")).Config));
    }

    /// <summary>
    /// The table lacks the parts of other resolutions; the better reason is that the limit is too low.
    /// </summary>
    [Fact]
    public void A_limit_that_no_network_meets_does_not_stop_the_other_where_a_table_has_one_resolution()
    {
        SearchSpace[] spaces =
        [
            .. Enumerable
                .Range(1, _small.Whole.Blocks.Count)
                .Select(blocks => SpannedSpace.Of(_small.At(2 * SmallPretrained.HalfSide).FirstBlocks(blocks)))
                .Append(SpannedSpace.Of(_small.At(2 * SmallPretrained.HalfSide))),
        ];
        RunOptions options = Options("several", Slower, 1e-3);
        string target = FixedTable.Write(Path.Combine(_folder.Root, "one-resolution"), spaces, classes: 2);
        LimitResults<RunResult> all = ProxylessRun.RunAll(
            options with
            {
                Target = options.Target with { Name = target, AlsoFor = $"{target}=0.001" },
            },
            _small.Network,
            null,
            Cancellation
        );
        Assert.Equal(Slower, Assert.Single(all.Networks).LatencyLimitMs);
        Assert.Contains("0.001 ms is impossible", Assert.Single(all.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_finished_is_not_repeated_and_another_network_is_refused()
    {
        RunOptions options = Options("run", Slower, Faster);
        LimitResults<RunResult> all = ProxylessRun.RunAll(options, _small.Network, null, Cancellation);
        RunOptions resumed = new() { Out = options.Out, Resume = true };
        DateTime[] Written() => [.. all.Networks.Select(network => File.GetLastWriteTimeUtc(network.Model))];
        DateTime[] before = Written();
        LimitResults<RunResult> again = ProxylessRun.RunAll(resumed, _small.Network, null, Cancellation);
        Assert.Equal(all.Networks.Select(network => network.Top1), again.Networks.Select(network => network.Top1));
        Assert.Equal(before, Written());
        string other = Path.Combine(_folder.Root, "other.json");
        ArchitectureFile.Write(other, SmallSpace.Network(1, 0, 1).WithInput(2 * SmallPretrained.HalfSide, 3, 5));
        string weights = Path.Combine(_folder.Root, "small.safetensors");
        WeightsOfOthers.Write(weights, ArchitectureFile.Read(other), []);
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.RunAll(resumed, other, null, Cancellation)
        );
        Assert.Contains("began with another network", refused.Message, StringComparison.Ordinal);

        // Replaced, nothing of the old ones is taken for new.
        WeightsOfOthers.Write(weights, _small.Whole, []);
        LimitResults<RunResult> replaced = ProxylessRun.RunAll(
            Options("run", Faster, Slower) with
            {
                Overwrite = true,
            },
            _small.Network,
            null,
            Cancellation
        );
        Assert.Equal([Faster, Slower], replaced.Networks.Select(network => network.LatencyLimitMs));
        Assert.DoesNotContain(Written(), before.Contains);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_that_was_stopped_at_its_second_limit_ends_as_one_that_was_not(bool isDerived)
    {
        LimitResults<RunResult> whole = ProxylessRun.RunAll(
            Options("whole", Slower, Faster),
            _small.Network,
            null,
            Cancellation
        );
        RunOptions options = Options("stopped", Slower, Faster);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        string second = isDerived ? $"limit {MillisecondText.Of(Faster)} ms" : Invariant($"limit {Faster} ms:");
        RunInterruptedException stopped = Assert.Throws<RunInterruptedException>(() =>
            ProxylessRun.RunAll(
                options,
                _small.Network,
                MessageObserver.StopAt(text => text.Contains(second, StringComparison.Ordinal), stop),
                stop.Token
            )
        );
        Assert.Equal(options.Out, stopped.Run);
        LimitResults<RunResult> resumed = ProxylessRun.RunAll(
            new RunOptions { Out = options.Out, Resume = true },
            _small.Network,
            null,
            Cancellation
        );
        Assert.Equal(whole.Networks.Select(ModelOf), resumed.Networks.Select(ModelOf));
    }

    [Fact]
    public void A_warning_about_one_limit_is_in_its_folder_and_not_in_that_of_another()
    {
        RunOptions options = Options("run", Slower, Faster);
        RunDirectory Of(double limit) => new(Path.Combine(options.Out!, Invariant($"{limit}ms")));
        var observer = new MessageObserver(text =>
        {
            if (text.StartsWith("export:", StringComparison.Ordinal))
            {
                File.WriteAllText(Of(Slower).CrossValidated, "damaged\ndamaged\n");
            }
        });
        ProxylessRun.RunAll(options, _small.Network, observer, Cancellation);
        static bool IsIt(string warning) => warning.Contains("does without a file", StringComparison.Ordinal);
        Assert.Contains(JsonLines.Read<string>(new RunDirectory(options.Out!).Warnings), IsIt);
        Assert.Contains(JsonLines.Read<string>(Of(Slower).Warnings), IsIt);
        Assert.DoesNotContain(JsonLines.Read<string>(Of(Faster).Warnings), IsIt);
    }

    [Fact]
    public void A_report_that_was_not_written_when_the_run_failed_is_written_when_it_goes_on()
    {
        RunOptions options = Options("run", Slower, Faster);
        var first = new RunDirectory(Path.Combine(options.Out!, Invariant($"{Slower}ms")));
        var observer = new MessageObserver(text =>
        {
            if (text.StartsWith("export:", StringComparison.Ordinal))
            {
                // No file takes the place of a folder.
                File.Delete(first.Report);
                Directory.CreateDirectory(first.Report);
            }
        });
        Assert.Throws<RunFailedException>(() => ProxylessRun.RunAll(options, _small.Network, observer, Cancellation));
        Assert.True(File.Exists(first.Result));
        Directory.Delete(first.Report);
        ProxylessRun.RunAll(new RunOptions { Out = options.Out, Resume = true }, _small.Network, null, Cancellation);
        Assert.Contains("Can it be trusted?", File.ReadAllText(first.Report), StringComparison.Ordinal);
    }

    /// <summary>Nothing is left of it once the tables are there.</summary>
    [Fact]
    public void The_time_is_that_of_all_limits_together()
    {
        var time = new ManualClock();
        LimitResults<RunResult> all = SpecializeJob.Run(
            Timed(Options("run", Slower, Faster)),
            _small.Network,
            time,
            new MessageObserver(text => Pass(time, text, "limit:", TwoHours)),
            _ => { },
            Cancellation
        );
        Assert.Equal(2, all.Networks.Count);
        Assert.All(all.Networks, network => Assert.Equal(1, MostTrialStepsOf(network.Run)));
    }

    /// <summary>Such as that of the folds.</summary>
    [Fact]
    public void The_time_after_the_training_of_a_limit_is_not_there_for_the_next_one_also_after_a_stop()
    {
        var time = new ManualClock();
        RunOptions options = Timed(Options("run", Slower, Faster));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var observer = new MessageObserver(text =>
        {
            Pass(time, text, "derived:", TwoHours / 2);
            Pass(time, text, "export:", TwoHours);
            if (text.Contains(Invariant($"limit {Faster} ms:"), StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        });
        Assert.Throws<RunInterruptedException>(() =>
            SpecializeJob.Run(options, _small.Network, time, observer, _ => { }, stop.Token)
        );
        LimitResults<RunResult> resumed = SpecializeJob.Run(
            new RunOptions { Out = options.Out, Resume = true },
            _small.Network,
            new ManualClock(),
            NullRunObserver.Instance,
            _ => { },
            Cancellation
        );
        Assert.Equal(TwoHours / 2, RunPlan.Read(new RunDirectory(resumed.Networks[0].Run)).ExportSeconds);
        Assert.Equal(1, MostTrialStepsOf(resumed.Networks[1].Run));
    }

    private static void Pass(ManualClock time, string text, string beginning, long until)
    {
        if (text.StartsWith(beginning, StringComparison.Ordinal))
        {
            time.Seconds = until;
        }
    }

    private static RunOptions Timed(RunOptions options) =>
        options with
        {
            Time = TimeSpan.FromSeconds(TwoHours),
            Training = options.Training with { Epochs = null },
        };

    private static long? MostTrialStepsOf(string run) => RunPlan.Read(new RunDirectory(run)).FineTuning!.MostTrialSteps;

    private static string ModelOf(RunResult network) => Convert.ToHexString(File.ReadAllBytes(network.Model));

    private RunOptions Options(string folder, double limit, double? further = null) =>
        FinishedRun.OptionsIn(_folder) with
        {
            Search = new(),
            Target = new()
            {
                Name = _small.Target,
                LatencyMs = limit,
                AlsoFor = further is { } other ? Invariant($"{_small.Target}={other}") : null,
            },
            Training = new() { Weights = _small.Weights, Epochs = 1 },
            Out = Path.Combine(_folder.Root, folder),
            Threads = 1,
        };
}
