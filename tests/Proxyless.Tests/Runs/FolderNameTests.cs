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
}
