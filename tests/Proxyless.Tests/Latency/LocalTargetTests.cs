using Proxyless.Latency;
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

    [Fact]
    public void Threads_and_batch_are_part_of_the_identity()
    {
        string[] ids = [new LocalTarget().Id, new LocalTarget(2).Id, new LocalTarget(1, 2).Id];
        Assert.Equal(3, ids.Distinct().Count());
    }
}
