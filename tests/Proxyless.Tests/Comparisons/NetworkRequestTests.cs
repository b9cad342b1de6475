using Proxyless.Comparisons;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Comparisons;

public sealed class NetworkRequestTests
{
    [Fact]
    public void Each_form_is_understood()
    {
        Assert.Equal(
            new NetworkRequest("random:12", "random", NetworkRequestKind.Random, Count: 12),
            NetworkRequest.Parse("random:12")
        );
        Assert.Equal(
            new NetworkRequest("mobilenet-v2:fit", "mobilenet-v2:fit", NetworkRequestKind.FittedMobileNet),
            NetworkRequest.Parse("mobilenet-v2:fit")
        );
        Assert.Equal(
            new NetworkRequest("wide=mobilenet-v2:1.4", "wide", NetworkRequestKind.MobileNet, Multiplier: 1.4),
            NetworkRequest.Parse("wide=mobilenet-v2:1.4")
        );
        Assert.Equal(
            new NetworkRequest("mine=nets/a.json", "mine", NetworkRequestKind.Given, "nets/a.json"),
            NetworkRequest.Parse("mine=nets/a.json")
        );
        Assert.Equal("a", NetworkRequest.Parse("nets/a.json").Group);
        Assert.Equal("mobilenet-v2-1.4", NetworkRequest.Parse("mobilenet-v2-1.4").Group);
        Assert.Equal("found", NetworkRequest.Parse(Path.GetTempPath()).Group);
    }

    [Fact]
    public void A_path_that_exists_has_no_label_whatever_signs_are_in_it()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Add("lr=0.1/architecture.json", []);
        Assert.Equal(
            new NetworkRequest(file, "architecture", NetworkRequestKind.Given, file),
            NetworkRequest.Parse(file)
        );
    }

    [Theory]
    [InlineData("random:0")]
    [InlineData("random:many")]
    [InlineData("mobilenet-v2:wide")]
    [InlineData("mobilenet-v2:0")]
    [InlineData("label=")]
    public void What_is_not_understood_is_named(string text)
    {
        var exception = Assert.Throws<InvalidInputException>(() => NetworkRequest.Parse(text));
        Assert.Contains($"'{text}'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_that_is_a_file_is_known_again_from_any_folder_and_by_any_spelling()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Add("nets/a.json", "{}"u8.ToArray());
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, file);
        Assert.Equal(file, NetworkRequest.Parse(relative).Key);
        Assert.Equal($"mine={file}", NetworkRequest.Parse($"mine={relative}").Key);
        Assert.Equal("random:12", NetworkRequest.Parse("random:12").Key);

        // A comparison from before has the path as it was typed.
        Assert.True(NetworkRequest.Parse(file).IsSame(relative));
        Assert.True(NetworkRequest.Parse($"mine={folder.Root}/nets/../nets/a.json").IsSame($"mine={file}"));
        Assert.False(NetworkRequest.Parse(file).IsSame($"mine={file}"));
        Assert.False(NetworkRequest.Parse("random:12").IsSame("random:13"));
    }
}
