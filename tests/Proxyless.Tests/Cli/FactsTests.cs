using Proxyless.Cli.Output;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class FactsTests
{
    [Theory]
    [InlineData("runs/photos-1", "runs/photos-1")]
    [InlineData("my photos", "'my photos'")]
    [InlineData("cats&dogs", "'cats&dogs'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("", "''")]
    public void A_text_is_one_word_for_a_shell(string text, string word)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "shells there quote otherwise");
        Assert.Equal(word, Facts.Quoted(text));
    }

    /// <summary>
    /// What is over the limit does not read as all of it, and the order of a sum puts nothing over it.
    /// </summary>
    [Theory]
    [InlineData(0.543, 0.542, "0.543 ms, OVER the limit of 0.542 ms (100.2 %)")]
    [InlineData(1.00001, 1, "1.000 ms, OVER the limit of 1 ms (100.1 %)")]
    [InlineData(2.5, 2, "2.500 ms, OVER the limit of 2 ms (125.0 %)")]
    [InlineData(0.1 + 0.2, 0.3, "0.300 ms, within the limit of 0.3 ms (100 %)")]
    [InlineData(0.526, 0.542, "0.526 ms, within the limit of 0.542 ms (97 %)")]
    public void A_latency_is_told_beside_its_limit(double milliseconds, double limit, string text) =>
        Assert.Equal(text, Facts.Latency(milliseconds, limit));

    [Fact]
    public void A_latency_without_a_limit_is_told_alone() => Assert.Equal("2.500 ms", Facts.Latency(2.5, null));
}
