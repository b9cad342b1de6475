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
}
