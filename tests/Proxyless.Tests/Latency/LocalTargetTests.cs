using Microsoft.ML.OnnxRuntime;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class LocalTargetTests
{
    [Theory]
    [InlineData("cpu", 1, 1)]
    [InlineData("cpu:1:32", 1, 32)]
    public void A_name_reads_as_threads_and_batch_and_back(string name, int threads, int batch)
    {
        var target = LocalTarget.Parse(name);
        Assert.Equal(new LocalTarget(threads, batch), target);
        Assert.Equal(name, target.Name);
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("cpu:")]
    [InlineData("cpu:0")]
    [InlineData("cpu:1:0")]
    [InlineData("cpu:-1")]
    [InlineData("cpu:1:1:1")]
    [InlineData("")]
    public void Another_name_is_refused_with_what_is_allowed(string name)
    {
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() => LocalTarget.Parse(name));
        Assert.Contains($"'{name}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(LocalTarget.Forms, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_images_than_a_run_takes_are_refused() =>
        Assert.Contains(
            "65536",
            Assert.Throws<InvalidInputException>(() => LocalTarget.Parse("cpu:1:2000000000")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void More_threads_than_processors_are_refused() =>
        Assert.Throws<InvalidInputException>(() => LocalTarget.Parse($"cpu:{Environment.ProcessorCount + 1}"));

    /// <summary>A session of a comparison has a fifth of the time: two seconds for each of two networks.</summary>
    [Theory]
    [InlineData(0, 30, 5)]
    [InlineData(66, 30, 5)]
    [InlineData(67, 29, 2)]
    [InlineData(200, 10, 2)]
    [InlineData(5000, 6, 2)]
    [InlineData(double.PositiveInfinity, 6, 2)]
    public void Slow_networks_run_less_often_in_a_session(double milliseconds, int runs, int warmUp)
    {
        TimingOptions session = LocalTarget.OfSession(TimingOptions.Thorough, milliseconds);
        Assert.Equal((runs, warmUp), (session.MinRuns, session.WarmUpRuns));
        Assert.Equal(TimeSpan.FromSeconds(2), session.MaxTime);
        var single = TimingOptions.Thorough with { MinRuns = 1, WarmUpRuns = 0 };
        session = LocalTarget.OfSession(single, milliseconds);
        Assert.Equal((1, 0), (session.MinRuns, session.WarmUpRuns));
    }

    /// <summary>Of 2048 x 2048 pixels: 3 GB, and 3 TB, of which an int has no bit.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(65536)]
    public void A_batch_that_no_tensor_holds_is_refused_with_the_number_of_images(int images)
    {
        Architecture large = SmallSpace.Network(0, 3, 3).WithInput(2048, 3, SmallSpace.Classes);
        byte[] onnx = NetworkExporter.Untrained(large);
        var target = new LocalTarget(1, images);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Assert.All(
            (Action[])
                [
                    () => target.Time(onnx, cancellation),
                    () => target.Compare(onnx, onnx, 1, cancellation),
                    () => BlockTimes.Measure(large, target, cancellation),
                ],
            measure =>
            {
                var refused = Assert.Throws<InvalidInputException>(measure);
                Assert.StartsWith($"target 'cpu:1:{images}': ", refused.Message, StringComparison.Ordinal);
                Assert.Contains($"{images} images a run, give fewer", refused.Message, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Another_error_of_a_model_is_told_in_the_words_of_the_runtime()
    {
        var refused = Assert.Throws<InvalidInputException>(() =>
            new LocalTarget().Time([1, 2, 3], TestContext.Current.CancellationToken)
        );
        var cause = Assert.IsType<OnnxRuntimeException>(refused.InnerException);
        Assert.Contains(cause.Message, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("fewer", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_and_batch_are_part_of_the_identity()
    {
        string[] ids = [new LocalTarget().Id, new LocalTarget(2).Id, new LocalTarget(1, 2).Id];
        Assert.Equal(3, ids.Distinct().Count());
    }
}
