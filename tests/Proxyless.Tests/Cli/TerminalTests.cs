using Proxyless.Cli.Output;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class TerminalTests
{
    [Theory]
    [InlineData("abc😀def", 5, "abc…")]
    [InlineData("abc😀def", 6, "abc😀…")]
    [InlineData("abc😀", 5, "abc😀")]
    [InlineData("abc", 2, "a…")]
    [InlineData("abc", 0, "…")]
    public void A_text_is_cut_between_letters(string text, int width, string cut) =>
        Assert.Equal(cut, Terminal.Cut(text, width));
}
