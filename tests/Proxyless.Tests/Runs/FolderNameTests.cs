using System.Text;
using Proxyless.Files;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class FolderNameTests
{
    [Theory]
    [InlineData("mobilenet-v2-1.4", "mobilenet-v2-1.4")]
    [InlineData("größer als/b c:d", "größer-als-b-c-d")]
    [InlineData("..", "network")]
    [InlineData(".", "network")]
    [InlineData("", "network")]
    [InlineData("../up", "..-up")]
    public void A_text_becomes_the_name_of_one_folder(string text, string name) =>
        Assert.Equal(name, FolderName.Of(text));

    [Theory]
    [InlineData("a", 300, 100)]
    [InlineData("ä", 108, 50)]
    [InlineData("字", 108, 33)]
    [InlineData("字", 33, 33)]
    [InlineData("😀", 108, 100)]
    public void The_end_of_a_long_text_is_left_out(string letter, int count, int letters)
    {
        string name = FolderName.Of(string.Concat(Enumerable.Repeat(letter, count)));
        Assert.Equal(letters, name.Length);
        Assert.InRange(Encoding.UTF8.GetByteCount(name), 99, 100);
        Assert.True(FolderName.Is(name));
    }

    [Theory]
    [InlineData("random-1", true)]
    [InlineData("..", false)]
    [InlineData("", false)]
    [InlineData("a/b", false)]
    [InlineData("../up", false)]
    public void What_is_such_a_name_is_known(string text, bool isName) => Assert.Equal(isName, FolderName.Is(text));

    [Fact]
    public void A_name_of_an_older_version_may_be_longer() => Assert.True(FolderName.Is(new string('a', 255)));
}
