using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class DatasetDownloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Out => Path.Combine(_folder.Root, "cifar10");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_damaged_download_is_an_error_and_leaves_nothing()
    {
        IOException exception = await Assert.ThrowsAsync<IOException>(() => Download(_ => Content([1, 2, 3])));
        Assert.Contains("arrived damaged", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public async Task A_server_that_has_no_such_file_is_named()
    {
        IOException exception = await Assert.ThrowsAsync<IOException>(() =>
            Download(_ => new HttpResponseMessage(HttpStatusCode.NotFound))
        );
        Assert.Contains(
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            exception.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("404", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_or_breaks_off_says_what_to_do_by_hand()
    {
        IOException silent = await Assert.ThrowsAsync<IOException>(() =>
            Download(_ => throw new TaskCanceledException("no answer"))
        );
        IOException broken = await Assert.ThrowsAsync<IOException>(() =>
            Download(_ => new HttpResponseMessage { Content = new StreamContent(new BrokenStream()) })
        );
        Assert.Contains("no answer", silent.Message, StringComparison.Ordinal);
        Assert.Contains("broken off", broken.Message, StringComparison.Ordinal);
        Assert.All(
            [silent, broken],
            exception => Assert.Contains("yourself", exception.Message, StringComparison.Ordinal)
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public async Task A_folder_that_holds_something_is_left_alone()
    {
        _folder.Add(Path.Combine("cifar10", "thesis.txt"), [1]);
        await Assert.ThrowsAsync<InvalidInputException>(() =>
            Download(_ => throw new InvalidOperationException("nothing is to be downloaded"))
        );
    }

    [Fact]
    public async Task An_archive_of_one_folder_becomes_the_folder_that_was_asked_for()
    {
        await DownloadArchive(NullRunObserver.Instance);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(Out, "data_batch_1.bin")));
        Assert.Equal([Out], Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    /// <summary>It may be a file system of its own, or where the shell is.</summary>
    [Fact]
    public async Task A_folder_that_is_there_is_filled_and_not_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        string disk = Directory.CreateDirectory(Path.Combine(_folder.Root, "disk")).FullName;
        Directory.CreateSymbolicLink(Out, disk);
        await Assert.ThrowsAsync<IOException>(() => Download(_ => Content([1, 2, 3])));
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk));

        // As a killed download leaves it.
        _folder.Add(Path.Combine("disk", ".proxyless-partial", "images.tar.gz"), [1, 2]);
        await DownloadArchive(NullRunObserver.Instance);
        Assert.Equal(disk, new DirectoryInfo(Out).LinkTarget);
        Assert.Equal([Path.Combine(disk, "data_batch_1.bin")], Directory.EnumerateFileSystemEntries(disk));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(Out, "data_batch_1.bin")));
    }

    /// <summary>Where a file system is mounted, only its own folder may be writable.</summary>
    [Fact]
    public async Task Nothing_is_written_beside_a_folder_that_is_there()
    {
        Directory.CreateDirectory(Out);
        string[] beside = [];
        string[] within = [];
        await Assert.ThrowsAsync<IOException>(() =>
            Download(_ =>
            {
                beside = Directory.GetFileSystemEntries(_folder.Root);
                within = Directory.GetFileSystemEntries(Out);
                return Content([1, 2, 3]);
            })
        );
        Assert.Equal([Out], beside);
        Assert.Equal(
            [".proxyless-lock", ".proxyless-partial"],
            within.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(Out));
    }

    [Fact]
    public async Task A_folder_that_somebody_fills_meanwhile_is_left_alone()
    {
        await Assert.ThrowsAsync<InvalidInputException>(() =>
            DownloadArchive(
                new MessageObserver(text =>
                {
                    if (text.StartsWith("unpacking", StringComparison.Ordinal))
                    {
                        _folder.Add(Path.Combine("cifar10", "thesis.txt"), [1]);
                    }
                })
            )
        );
        Assert.Equal([Path.Combine(Out, "thesis.txt")], Directory.EnumerateFileSystemEntries(Out));
        Assert.Equal([Out], Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public async Task What_a_killed_download_has_left_is_removed_by_the_next_one()
    {
        _folder.Add(Path.Combine("cifar10.proxyless-partial", "images.tar.gz"), [1, 2]);
        _folder.Add(Path.Combine("cifar10.proxyless-partial", "batches", "data_batch_1.bin"), [1]);
        _folder.Add("cifar10.proxyless-lock", []);
        await DownloadArchive(NullRunObserver.Instance);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(Out, "data_batch_1.bin")));
        Assert.Equal([Out], Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_download_waits_for_another_one_to_the_same_folder_and_then_leaves_it_alone(bool isThere)
    {
        string start = isThere ? "cifar10/" : "cifar10";
        string partial = _folder.Add($"{start}.proxyless-partial/images.tar.gz", [1, 2]);
        FileStream other = FileLock.TryTake(Path.Combine(_folder.Root, $"{start}.proxyless-lock"))!;
        var waits = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task downloaded = DownloadArchive(new MessageObserver(text => waits.TrySetResult(text)));
        string said = await waits.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Contains("another process downloads", said, StringComparison.Ordinal);
        Assert.True(File.Exists(partial));
        _folder.Add(Path.Combine("cifar10", "data_batch_1.bin"), [4]);
        FileLock.Remove(other);
        await Assert.ThrowsAsync<InvalidInputException>(() => downloaded);
        Assert.Equal([4], File.ReadAllBytes(Path.Combine(Out, "data_batch_1.bin")));
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public async Task A_server_that_does_not_say_how_much_it_sends_leaves_total_and_time_open(
        bool saysLength,
        int reports
    )
    {
        byte[] file = new byte[8 << 16];
        var observer = new SlowObserver();
        await Assert.ThrowsAsync<IOException>(() =>
            DatasetDownload.RunAsync(
                [new PublicFile(new Uri("https://example.org/images.bin"), new string('0', 32))],
                Out,
                new Server(_ => new HttpResponseMessage
                {
                    Content = saysLength ? new ByteArrayContent(file) : new StreamContent(new PipeStream(file)),
                }),
                observer,
                CancellationToken.None
            )
        );
        Assert.Equal(reports, observer.Reports.Count);
        Assert.All(observer.Reports, report => Assert.Equal(saysLength ? file.Length : null, report.Total));
        Assert.All(
            observer.Reports,
            report => Assert.True(report.Remaining is null ? !saysLength : report.Remaining >= TimeSpan.Zero)
        );
    }

    [Fact]
    public async Task A_download_that_is_stopped_tells_by_which_token_and_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        var endless = new HttpResponseMessage { Content = new StreamContent(new EndlessStream(stop.Cancel)) };
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            DatasetDownload.RunAsync(
                PublicDataset.ByName("cifar10").Files,
                Out,
                new Server(_ => endless),
                NullRunObserver.Instance,
                stop.Token
            )
        );
        Assert.Equal(stop.Token, exception.CancellationToken);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public void An_unknown_name_lists_those_there_are()
    {
        var exception = Assert.Throws<InvalidInputException>(() => PublicDataset.ByName("cifar-10"));
        Assert.Contains("did you mean 'cifar10'", exception.Message, StringComparison.Ordinal);
    }

    private static byte[] Archive(string name, byte[] bytes)
    {
        using var archive = new MemoryStream();
        using (var zip = new GZipStream(archive, CompressionLevel.Fastest))
        using (var tar = new TarWriter(zip))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }

        return archive.ToArray();
    }

    private static HttpResponseMessage Content(byte[] bytes) =>
        new(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) };

    private Task DownloadArchive(IRunObserver observer)
    {
        byte[] archive = Archive("batches/data_batch_1.bin", [1, 2, 3]);
#pragma warning disable CA5351 // As the publishers of datasets do.
        string md5 = Convert.ToHexStringLower(MD5.HashData(archive));
#pragma warning restore CA5351
        return DatasetDownload.RunAsync(
            [new PublicFile(new Uri("https://example.org/images.tar.gz"), md5)],
            Out,
            new Server(_ => Content(archive)),
            observer,
            CancellationToken.None
        );
    }

    private Task Download(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        DatasetDownload.RunAsync(
            PublicDataset.ByName("cifar10").Files,
            Out,
            new Server(answer),
            NullRunObserver.Instance,
            CancellationToken.None
        );

    /// <summary>Wants to hear next to nothing.</summary>
    private sealed class SlowObserver : IRunObserver
    {
        public List<RunProgress> Reports { get; } = [];

        public TimeSpan ProgressInterval => TimeSpan.FromDays(1000);

        public void Progress(RunProgress progress) => Reports.Add(progress);

        public void Message(string text) { }

        public void Warning(string text) { }
    }

    /// <summary>A stream of which nobody knows how long it is.</summary>
    private sealed class PipeStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();
    }

    /// <summary>Sends until it is told to stop, which somebody does once it has begun.</summary>
    private sealed class EndlessStream(Action begun) : MemoryStream
    {
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            begun();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("broken off");

        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("broken off");
    }

    private sealed class Server(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) => Task.FromResult(answer(request));
    }
}
