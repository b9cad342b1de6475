using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Runs;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>The whole road for machines that are not this one.</summary>
[Collection(nameof(WholeRuns))]
public sealed class TargetRunTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    [Fact]
    public void A_program_that_times_models_is_a_target_for_a_run()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program of this test is a shell script");

        // A machine on which a model takes a millisecond for 100,000 bytes.
        string script = run.PathOf("time.sh");
        File.WriteAllText(script, "echo \"avg $(wc -c < \"$1\" | awk '{ print $1 / 100 }') us\"\n");
        string target = Target(
            "board.yaml",
            $"kind: command\ncommand: [sh, '{script}', '{{model}}']\npattern: 'avg ([0-9.]+) us'\nunit: us\nrepeats: "
                + $"1\n"
        );
        RunResult result = Run("on-board", target, latency: null);
        Assert.True(result.LatencyIsMeasured);
        Assert.InRange(result.LatencyMs / result.LatencyLimitMs, 0, 1.02);

        // The file of the trained model has more metadata than that of an untrained one, and is a little slower there.
        Assert.InRange(result.LatencyMs * 100_000 / new FileInfo(result.Model).Length, 0.9, 1.1);
    }

    [Fact]
    public void A_latency_table_is_a_target_for_a_run_and_its_sum_is_not_called_measured()
    {
        LatencyTable table = LatencyTableFile.Read(run.Directory.Latency);
        string target = Target("table.yaml", $"kind: table\nfile: '{Path.GetFullPath(run.Directory.Latency)}'\n");
        RunResult result = Run("by-table", target, run.Result.LatencyLimitMs);
        Assert.False(result.LatencyIsMeasured);
        Assert.InRange(result.LatencyMs, 0, run.Result.LatencyLimitMs);
        Assert.Equal(table.Predict(ArchitectureFile.Read(result.Architecture)), result.LatencyMs, 1e-9);

        EvaluateResult judged = ProxylessRun.Evaluate(
            result.Run,
            RunConfigFile.Read(new RunDirectory(result.Run).Config),
            againstNetwork: false,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.Null(judged.LatencyMs);
        Assert.Equal(result.Top1, judged.Top1);
    }

    [Fact]
    public void A_table_of_another_space_is_refused_before_anything_is_written()
    {
        string target = Target("other.yaml", $"kind: table\nfile: '{Path.GetFullPath(run.Directory.Latency)}'\n");
        var exception = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Run(
                run.Options with
                {
                    Out = run.PathOf("other"),
                    Target = run.Options.Target with { Name = target },
                    Search = run.Options.Search with { Space = "cifar" },
                },
                NullRunObserver.Instance,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Contains(SearchSpacePresets.ByName("cifar").Stem.Key, exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.PathOf("other")));
    }

    private RunResult Run(string name, string target, double? latency) =>
        ProxylessRun.Run(
            run.Options with
            {
                Out = run.PathOf(name),
                Target = run.Options.Target with { Name = target, LatencyMs = latency },
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

    private string Target(string name, string yaml)
    {
        string file = run.PathOf(name);
        File.WriteAllText(file, yaml);
        return file;
    }
}
