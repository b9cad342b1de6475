using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Quantization;

/// <summary>A run for integer models: the limit, the model and its accuracy are those of integers.</summary>
[Collection(nameof(WholeRuns))]
public sealed class IntegerRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_for_integers_ends_with_an_integer_model_within_the_limit()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "models are timed by 'wc' here");
        string target = _folder.Add("size.yaml", SizeTarget.File) + "+int8";
        RunOptions options = FinishedRun.OptionsIn(_folder) with { Out = Path.Combine(_folder.Root, "run") };
        options = options with
        {
            Target = new() { Name = target },
            Search = options.Search with { Evaluations = 4 },
        };
        RunResult result = ProxylessRun.Run(options, NullRunObserver.Instance, Cancellation);
        var run = new RunDirectory(options.Out!);
        Assert.Equal(run.IntegerModel, result.Model);
        QuantizeResult integers = Assert.IsType<QuantizeResult>(result.Integers);
        Assert.Equal(run.Model, integers.FloatModel);
        Assert.Equal(integers.Top1, result.Top1);
        Assert.Equal(integers.Bytes / 1e6, result.LatencyMs, 1e-4);
        Assert.InRange(result.LatencyMs, 0, 1.02 * result.LatencyLimitMs);
        Assert.Equal(integers.FloatBytes / 1e6, integers.FloatLatencyMs!.Value, 1e-4);
        Assert.Equal(LatencyTableFile.Read(run.Latency).Target, target);

        // What is asked of the run is asked of its integer model.
        EvaluateResult evaluated = ProxylessRun.Evaluate(
            options.Out!,
            options,
            againstNetwork: true,
            against: run.Model,
            cancellationToken: Cancellation
        );
        Assert.Equal(result.Top1, evaluated.Top1);
        Assert.Equal(integers.Agreement, evaluated.ModelAgreement);
        Assert.Equal(integers.Agreement, evaluated.NetworkAgreement);

        // A finished run that is resumed keeps its integer model.
        byte[] before = File.ReadAllBytes(run.IntegerModel);
        DateTime written = File.GetLastWriteTimeUtc(run.IntegerModel);
        RunResult resumed = ProxylessRun.Run(options with { Resume = true }, cancellationToken: Cancellation);
        Assert.Equal(written, File.GetLastWriteTimeUtc(run.IntegerModel));
        Assert.Equal((result.Top1, integers.Bytes), (resumed.Top1, resumed.Integers!.Bytes));

        // Another training of the network replaces both models.
        TrainResult trained = ProxylessRun.Train(
            options with
            {
                Out = null,
                Overwrite = true,
                Training = options.Training with { Epochs = 2 },
            },
            options.Out!,
            cancellationToken: Cancellation
        );
        Assert.Equal(run.IntegerModel, trained.Model);
        Assert.NotEqual(before, File.ReadAllBytes(run.IntegerModel));
        run.RemoveTraining();
        Assert.False(File.Exists(run.IntegerModel));
    }
}
