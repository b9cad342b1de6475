using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Proxyless.Files;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class FileDownloadTests : IDisposable
{
    private static readonly Uri Location = new("https://example.org/weights/net.pth");
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
    private static readonly FileDigest Digest = new(
        DigestKind.Sha256,
        Convert.ToHexStringLower(SHA256.HashData(Content))[..8]
    );

    private readonly TemporaryFolder _folder = new();

    private string Target => Path.Combine(_folder.Root, "net.pth.partial");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("\"1\"")]
    public async Task An_interrupted_download_continues_where_it_ended(string? tag)
    {
        var server = new RangeServer(Content) { BreaksOffAfter = 100_000, Tag = tag };
        await Assert.ThrowsAsync<IOException>(() => Fetch(server));
        Assert.Equal(Content[..100_000], File.ReadAllBytes(Target));
        var reports = new List<RunProgress>();
        await Fetch(new RangeServer(Content) { Asked = server.Asked, Tag = tag }, reports);
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal([null, 100_000], server.Asked);
        Assert.All(reports, report => Assert.Equal(Content.Length, report.Total));
        Assert.Equal(Content.Length, reports[^1].Done);
    }

    [Fact]
    public async Task A_file_that_changed_on_the_server_is_not_continued()
    {
        byte[] earlier = [.. Content.Select(value => (byte)~value)];
        await Assert.ThrowsAsync<IOException>(() =>
            Fetch(new RangeServer(earlier) { BreaksOffAfter = 100_000, Tag = "\"1\"" })
        );
        await Fetch(new RangeServer(Content) { Tag = "\"2\"" });
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal([Target], Directory.EnumerateFiles(_folder.Root));
    }

    [Fact]
    public async Task A_server_that_cannot_continue_sends_all_of_it()
    {
        File.WriteAllBytes(Target, [1, 2, 3]);
        await Fetch(new RangeServer(Content) { KnowsRanges = false });
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task More_bytes_than_the_server_has_are_no_beginning_of_its_file()
    {
        File.WriteAllBytes(Target, new byte[Content.Length + 1]);
        var server = new RangeServer(Content);
        await Fetch(server);
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal([Content.Length + 1, null], server.Asked);
    }

    [Fact]
    public async Task The_beginning_of_another_file_is_found_and_removed()
    {
        File.WriteAllBytes(Target, [1, 2, 3]);
        IOException damaged = await Assert.ThrowsAsync<IOException>(() => Fetch(new RangeServer(Content)));
        Assert.Contains("arrived damaged (SHA-256", damaged.Message, StringComparison.Ordinal);
        Assert.Contains(Digest.Digits, damaged.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Target));
        await Fetch(new RangeServer(Content));
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    /// <summary>The values of sha256sum, md5sum and git hash-object for a file that holds "hello" and a line's
    /// end.</summary>
    [Theory]
    [InlineData("Sha256", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")]
    [InlineData("Sha256", "5891b5b5")]
    [InlineData("Md5", "b1946ac92492d2347c6235b4d2611184")]
    [InlineData("GitBlob", "ce013625030ba8dba906f756967f9e9ca394464a")]
    public void Digests_are_those_of_the_usual_programs(string kind, string digits)
    {
        string file = Path.Combine(_folder.Root, "hello");
        File.WriteAllBytes(file, Encoding.ASCII.GetBytes("hello\n"));
        Assert.Equal(digits, new FileDigest(Enum.Parse<DigestKind>(kind), digits).Of(file));
    }

    private Task Fetch(RangeServer server, List<RunProgress>? reports = null) =>
        FileDownload.FetchAsync(
            new HttpClient(server),
            Location,
            Target,
            Digest,
            "get it yourself",
            reports is null ? NullRunObserver.Instance : new RunObserver(new Listed(reports)),
            TestContext.Current.CancellationToken
        );

    private sealed class Listed(List<RunProgress> reports) : IProgress<RunProgress>
    {
        public void Report(RunProgress value) => reports.Add(value);
    }

    /// <summary>Sends a file or the rest of it.</summary>
    private sealed class RangeServer(byte[] content) : HttpMessageHandler
    {
        public bool KnowsRanges { get; init; } = true;

        public int? BreaksOffAfter { get; init; }

        /// <summary>The entity tag of the file; null for none.</summary>
        public string? Tag { get; init; }

        /// <summary>From where each request wanted the file; null for all of it.</summary>
        public List<long?> Asked { get; init; } = [];

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            long? from = request.Headers.Range?.Ranges.Single().From;
            Asked.Add(from);
            bool isOther = request.Headers.IfRange?.EntityTag is { } asked && asked.Tag != Tag;
            HttpResponseMessage response = Answer(KnowsRanges && !isOther ? from : null);
            response.Headers.ETag = Tag is null ? null : new EntityTagHeaderValue(Tag);
            return Task.FromResult(response);
        }

        private HttpResponseMessage Answer(long? from)
        {
            if (from is not { } first)
            {
                return new HttpResponseMessage
                {
                    Content = BreaksOffAfter is { } bytes
                        ? new StreamContent(new BrokenStream(content[..bytes]))
                        : new ByteArrayContent(content),
                };
            }

            if (first >= content.Length)
            {
                return new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable);
            }

            var rest = new ByteArrayContent(content[(int)first..]);
            rest.Headers.ContentRange = new ContentRangeHeaderValue(first, content.Length - 1, content.Length);
            return new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = rest };
        }
    }

    /// <summary>Ends with an error after its bytes.</summary>
    private sealed class BrokenStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        ) =>
            await base.ReadAsync(buffer, cancellationToken) is var read and > 0
                ? read
                : throw new IOException("broken off");
    }
}
