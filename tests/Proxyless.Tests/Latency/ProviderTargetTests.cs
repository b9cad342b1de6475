using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Latency;

/// <summary>
/// The processor stands in for a graphics card: it is the one execution provider that every machine has.
/// </summary>
public sealed class ProviderTargetTests
{
    private static readonly ProviderTarget Target = new("card", ExecutionProvider.Cpu, device: 0, threads: 1, batch: 1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait(TestCategory.Name, TestCategory.Measuring)]
    public void A_table_is_made_of_parts_that_are_timed_alone_and_networks_are_held_against_its_reference()
    {
        LatencyTable table = Target.Profile(
            SmallSpace.Space,
            SmallSpace.Classes,
            ProfileMode.Quick,
            null,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(SpaceParts.Keys(SmallSpace.Space, SmallSpace.Classes).Order(), table.Entries.Keys.Order());
        Assert.True(table.Disturbance >= 0);
        Assert.Contains("cpu device 0", table.TargetId, StringComparison.Ordinal);

        Architecture reference = SmallSpace.Network([.. table.Reference.Choice]);
        var latency = NetworkLatency.Measure(
            Target,
            reference,
            NetworkExporter.Untrained(reference),
            SmallSpace.Space,
            SmallSpace.Classes,
            table,
            Cancellation
        );
        Assert.True(latency.IsMeasured);
        Assert.True(latency.QuietMs > 0 && double.IsFinite(latency.QuietMs));
        Assert.True(latency.MedianMs > 0 && double.IsFinite(latency.MedianMs));
    }

    [Fact]
    public void A_provider_that_the_build_lacks_is_refused_with_the_package_that_has_it()
    {
        ExecutionProvider cuda = ExecutionProvider.All.Single(provider => provider.Name == "cuda");
        Assert.SkipWhen(cuda.IsAvailable, "the ONNX Runtime in use has CUDA");
        using var folder = new Data.TemporaryFolder();
        string file = Path.Combine(folder.Root, "card.yaml");
        File.WriteAllText(file, "kind: local\nprovider: cuda\ndevice: 1\nbatch: 32\n");
        string message = Assert.Throws<InvalidInputException>(() => TargetFile.Open(file)).Message;
        Assert.Contains("line 2", message, StringComparison.Ordinal);
        Assert.Contains("-p:OnnxRuntimePackage=Microsoft.ML.OnnxRuntime.Gpu", message, StringComparison.Ordinal);
    }
}
