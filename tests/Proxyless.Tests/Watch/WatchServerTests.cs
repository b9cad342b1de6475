using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Proxyless.Architectures;
using Proxyless.Cli.Watch;
using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Reports;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Reports;
using Xunit;

namespace Proxyless.Tests.Watch;

/// <summary>The server of <c>watch</c>: what it answers, what it refuses, and that it writes nothing.</summary>
public sealed partial class WatchServerTests : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly Browser _browser;
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new();
    private WatchServer? _server;

    public WatchServerTests(Browser browser)
    {
        _browser = browser;
        foreach (string name in (string[])["one", "two"])
        {
            RunDirectory run = RunOf(name);
            RunConfigFile.Write(run.Config, new RunOptions());
            RunReport.WriteHtml(run.Report, ReportPageTests.DataOf(4) with { Title = $"report of {name}" });
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Uri Address => _server!.Address;

    public async ValueTask InitializeAsync() =>
        _server = await WatchServer.StartAsync([RunOf("one").Root, RunOf("two").Root], 0, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Those_who_know_the_token_get_the_page_and_each_report()
    {
        string page = await _client.GetStringAsync(Address, Cancellation);
        Assert.Contains("src=\"runs/0\"", page, StringComparison.Ordinal);
        Assert.Contains("src=\"runs/1\"", page, StringComparison.Ordinal);
        string second = await _client.GetStringAsync(new Uri(Address, "runs/1"), Cancellation);
        Assert.Equal(await File.ReadAllTextAsync(RunOf("two").Report, Cancellation), second);
        Assert.True(Address.IsLoopback);
        var bare = new Uri(Address.AbsoluteUri.TrimEnd('/'));
        Assert.Equal(page, await _client.GetStringAsync(bare, Cancellation));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/00000000000000000000000000000000/")]
    [InlineData("/{token}x/")]
    [InlineData("/{token}/runs/2")]
    [InlineData("/{token}/runs/-1")]
    [InlineData("/{token}/runs/+1")]
    [InlineData("/{token}/runs/0/config.yaml")]
    [InlineData("/{token}/runs/../../../etc/passwd")]
    [InlineData("/{token}/runs/..%2f..%2fconfig.yaml")]
    [InlineData("/{token}/../{token}x/")]
    [InlineData("//{token}/")]
    [InlineData("/{token}/config.yaml")]
    public async Task Nothing_else_is_found(string path)
    {
        string token = Address.AbsolutePath.Trim('/');
        string answer = await SendAsync(
            $"GET {path.Replace("{token}", token, StringComparison.Ordinal)} HTTP/1.1",
            null
        );
        Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("report of", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:{port}")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("127.0.0.1.evil.example:{port}")]
    public async Task Another_host_in_the_request_is_refused(string host)
    {
        string answer = await SendAsync(
            $"GET {Address.AbsolutePath} HTTP/1.1",
            host.Replace("{port}", $"{Address.Port}", StringComparison.Ordinal)
        );
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Nothing_but_reading_is_possible(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Address);
        using HttpResponseMessage response = await _client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public async Task A_report_that_is_written_anew_is_told_and_what_the_run_is_doing()
    {
        using HttpResponseMessage response = await _client.GetAsync(
            new Uri(Address, "events"),
            HttpCompletionOption.ResponseHeadersRead,
            Cancellation
        );
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        JsonElement before = await NextAsync(reader);
        Assert.Contains("Nothing works in it", before[0].GetProperty("text").GetString(), StringComparison.Ordinal);

        using RunLock held = RunLock.Acquire(RunOf("one").Root);
        await File.WriteAllTextAsync(
            RunOf("one").Progress,
            JsonSerializer.Serialize(
                new ProgressState("search", 20, 100, 2.5, 320, "loss 1.5", DateTimeOffset.UtcNow)
                {
                    SecondsLeftAtLeast = 240,
                    SecondsLeftAtMost = 480,
                    ImagesPerSecond = 1234.5,
                },
                JsonLines.Options
            ),
            Cancellation
        );
        File.SetLastWriteTimeUtc(RunOf("one").Report, DateTime.UtcNow.AddMinutes(1));
        JsonElement after;
        do
        {
            after = await NextAsync(reader);
        } while (after[0].GetProperty("version").GetString() == before[0].GetProperty("version").GetString());

        Assert.Equal(
            "search 20 of 100, 1,234 images a second, about 5 min left (4 min to 8 min): loss 1.5",
            after[0].GetProperty("text").GetString()
        );
        Assert.Equal(before[1].ToString(), after[1].ToString());
    }

    [Fact]
    public async Task A_folder_that_vanishes_and_a_damaged_one_are_survived()
    {
        Directory.Delete(RunOf("one").Root, recursive: true);
        await File.WriteAllTextAsync(RunOf("two").Progress, "{", Cancellation);
        File.Delete(RunOf("two").Report);
        using RunLock held = RunLock.Acquire(RunOf("two").Root);
        string gone = await _client.GetStringAsync(new Uri(Address, "runs/0"), Cancellation);
        Assert.Contains("The folder is not there", gone, StringComparison.Ordinal);
        string none = await _client.GetStringAsync(new Uri(Address, "runs/1"), Cancellation);
        Assert.Contains("There is no report", none, StringComparison.Ordinal);
        using HttpResponseMessage response = await _client.GetAsync(
            new Uri(Address, "events"),
            HttpCompletionOption.ResponseHeadersRead,
            Cancellation
        );
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        JsonElement states = await NextAsync(reader);
        Assert.Equal("The folder is not there.", states[0].GetProperty("text").GetString());
        Assert.Equal("Begins.", states[1].GetProperty("text").GetString());
        Assert.False(Directory.Exists(RunOf("one").Root));
    }

    [Fact]
    public async Task A_thousand_connections_are_survived()
    {
        var clients = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 1000; i++)
            {
                var client = new TcpClient();
                clients.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, Address.Port, Cancellation);
            }
        }
        catch (SocketException)
        {
            // Refused is as good.
        }
        finally
        {
            // While they are open, another one is let go without an answer.
            using var late = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
            await Assert.ThrowsAnyAsync<Exception>(() => late.GetStringAsync(Address, Cancellation));
            clients.ForEach(client => client.Dispose());
        }

        // Those that were counted are let go at once or a moment later.
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new HttpClient();
                Assert.Contains("runs/0", await client.GetStringAsync(Address, Cancellation), StringComparison.Ordinal);
                break;
            }
            catch (HttpRequestException) when (attempt < 100)
            {
                await Task.Delay(100, Cancellation);
            }
        }
    }

    [Fact]
    public async Task Progress_of_an_earlier_job_is_not_shown_and_that_of_a_silent_one_is_dated()
    {
        var run = new WatchedRun(RunOf("one").Root);
        using RunLock held = RunLock.Acquire(RunOf("one").Root);
        async Task<string> TextAt(DateTimeOffset written)
        {
            await File.WriteAllTextAsync(
                RunOf("one").Progress,
                JsonSerializer.Serialize(new ProgressState("train", 5, 10, 1, 5, "", written), JsonLines.Options),
                Cancellation
            );
            return run.State().Text;
        }

        Assert.Equal("Begins.", await TextAt(DateTimeOffset.UtcNow.AddHours(-1)));
        Assert.Equal("train 5 of 10, 1 a second, about 5 s left", await TextAt(DateTimeOffset.UtcNow));
        string holder = Path.Combine(RunOf("one").Root, ".lock.json");
        RunHolder old = RunHolder.Current() with { Since = DateTimeOffset.UtcNow.AddHours(-2) };
        await File.WriteAllTextAsync(holder, JsonSerializer.Serialize(old, JsonLines.Options), Cancellation);
        Assert.EndsWith(
            "nothing since then",
            await TextAt(DateTimeOffset.UtcNow.AddHours(-1)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_comparison_with_a_training_that_has_not_ended_is_not_finished()
    {
        RunDirectory comparison = RunOf("one");
        var run = new WatchedRun(comparison.Root);
        File.WriteAllText(comparison.Result, "{}");
        Assert.Equal("Finished.", run.State().Text);
        var training = new RunDirectory(Path.Combine(comparison.Root, "networks", "random-1", "seed-0"));
        using (WorkClaim.TryTake(training.Root, ClaimWatch.OfProcess()))
        {
            Assert.Equal("Processes that have joined train here; none leads.", run.State().Text);
        }

        Assert.StartsWith("Nothing works in it now", run.State().Text, StringComparison.Ordinal);
        File.WriteAllText(training.Result, "{}");
        Assert.Equal("Finished.", run.State().Text);
    }

    [Fact]
    public async Task A_hostile_report_runs_no_script_in_the_name_of_the_server()
    {
        await File.WriteAllTextAsync(
            RunOf("one").Report,
            "<h1 id=\"x\">calm</h1><script>document.getElementById('x').textContent = 'hostile'</script>",
            Cancellation
        );
        IPage page = await _browser.OpenAsync();
        await page.GotoAsync(new Uri(Address, "runs/0").AbsoluteUri);
        Assert.Equal("calm", await page.Locator("#x").TextContentAsync());
    }

    [Fact]
    public void A_port_that_is_in_use_is_an_error_that_names_it()
    {
        var run = CommandLineRun.Of("watch", RunOf("one").Root, "--port", $"{Address.Port}");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"--port {Address.Port} cannot be used", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_shows_its_own_page()
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        using CommandLineProcess process = CommandLineProcess.Start(
            _folder.Root,
            "run",
            "--watch",
            "--target",
            FixedTable.Write(_folder.Root, space, 8),
            "--search-epochs",
            "1000"
        );
        process.WaitFor("until the run ends");
        string address = AddressPattern().Match(process.Error()).Value;
        Assert.Contains(
            "id=\"run0\"",
            await _client.GetStringAsync(new Uri(address), Cancellation),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Nothing_is_written()
    {
        string[] Listing() =>
            [
                .. Directory
                    .EnumerateFileSystemEntries(_folder.Root, "*", SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal)
                    .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}"),
            ];
        string[] before = Listing();
        await _client.GetStringAsync(Address, Cancellation);
        await _client.GetStringAsync(new Uri(Address, "runs/0"), Cancellation);
        using HttpResponseMessage response = await _client.GetAsync(
            new Uri(Address, "events"),
            HttpCompletionOption.ResponseHeadersRead,
            Cancellation
        );
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        await NextAsync(reader);
        Assert.Equal(before, Listing());
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task The_page_shows_the_runs_side_by_side_and_loads_a_new_report(int width)
    {
        IPage page = await _browser.OpenAsync(width);
        var witness = new PageWitness(page);
        await page.GotoAsync(Address.AbsoluteUri);
        ILocator heading = page.FrameLocator("#run1").Locator("h1");
        await Assertions.Expect(heading).ToHaveTextAsync("report of two");
        await Assertions.Expect(page.Locator("#state1")).ToContainTextAsync("Nothing works in it");

        RunReport.WriteHtml(RunOf("two").Report, ReportPageTests.DataOf(4) with { Title = "written anew" });
        await Assertions
            .Expect(heading)
            .ToHaveTextAsync("written anew", new LocatorAssertionsToHaveTextOptions { Timeout = 60_000 });
        await witness.AssertSoundAsync(width);
        Assert.All(
            witness.Requests,
            request => Assert.StartsWith(Address.AbsoluteUri, request, StringComparison.Ordinal)
        );
    }

    private static async Task<JsonElement> NextAsync(StreamReader reader)
    {
        const string Prefix = "data: ";
        while (true)
        {
            string line = await reader.ReadLineAsync(Cancellation) ?? throw new EndOfStreamException();
            if (line.StartsWith(Prefix, StringComparison.Ordinal))
            {
                return JsonSerializer.Deserialize<JsonElement>(line[Prefix.Length..]);
            }
        }
    }

    [GeneratedRegex(@"http://\S+/")]
    private static partial Regex AddressPattern();

    private RunDirectory RunOf(string name) => new(Path.Combine(_folder.Root, name));

    /// <summary>Sends a request line as it is: clients straighten paths and set the host themselves.</summary>
    private async Task<string> SendAsync(string request, string? host)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Address.Port, Cancellation);
        await using NetworkStream stream = client.GetStream();
        string text = $"{request}\r\nHost: {host ?? Address.Authority}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), Cancellation);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancellation);
    }
}
