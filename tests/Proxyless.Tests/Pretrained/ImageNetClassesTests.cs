using Proxyless.Pretrained;
using Xunit;

namespace Proxyless.Tests.Pretrained;

public sealed class ImageNetClassesTests
{
    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Classes_are_read_with_the_line_breaks_of_any_system(string lineBreak)
    {
        (string, string)[] expected = [("n01440764", "tench, Tinca tinca"), ("n01443537", "goldfish")];
        string text = $"0\tn01440764\ttench, Tinca tinca{lineBreak}1\tn01443537\tgoldfish{lineBreak}";
        Assert.Equal(expected, ImageNetClasses.Parse(text));
    }
}
