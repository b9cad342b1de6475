using System.Globalization;
using Microsoft.Playwright;
using Proxyless.Architectures;
using Proxyless.Comparisons;
using Proxyless.Tests.Data;
using Proxyless.Tests.Reports;
using Xunit;

namespace Proxyless.Tests.Comparisons;

/// <summary>The page of a comparison.</summary>
public sealed class ComparisonReportTests(Browser browser) : IClassFixture<Browser>
{
    private const string Hostile = "<script>alert(1)</script>";

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task It_has_no_error_asks_for_nothing_and_can_be_read_by_all(int width, ColorScheme scheme)
    {
        IPage page = await browser.OpenAsync(width, scheme);
        var witness = new PageWitness(page);
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Root, "report.html");
        await File.WriteAllTextAsync(path, Html(Networks()), TestContext.Current.CancellationToken);
        await page.GotoAsync(new Uri(path).AbsoluteUri);

        await witness.AssertSoundAsync(width);
        Assert.Equal([new Uri(path).AbsoluteUri], witness.Requests);
    }

    [Fact]
    public void It_shows_the_numbers_of_the_result_and_hostile_names_as_text()
    {
        NetworkResult[] networks = Networks();
        GroupResult found = ProxylessComparison.GroupsOf(networks)[0];
        string html = Html(networks);

        Assert.Contains($"{100 * found.Difference!.Value:+0.0} points", html, StringComparison.Ordinal);
        Assert.Contains(
            "p = " + found.P!.Value.ToString("0.0000", CultureInfo.InvariantCulture),
            html,
            StringComparison.Ordinal
        );
        // In title, heading, label, status, target, group, network, other target, warning, provenance, configuration.
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.True(html.Split("&lt;script&gt;alert").Length - 1 >= 11, html);
        Assert.Equal(networks.Length, html.Split("<details><summary>").Length - 2);
    }

    [Fact]
    public void A_single_network_is_no_proof_and_the_page_says_so()
    {
        NetworkResult[] networks = Networks();
        Assert.Contains("chance is not excluded", Html([networks[0], networks[3]]), StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_first_network_is_trained_the_page_has_its_status()
    {
        string html = Html([]);
        Assert.Contains("<p class=\"status\">&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<h2 id=\"groups\">", html, StringComparison.Ordinal);
    }

    private static NetworkResult[] Networks() =>
        [
            Network("found", "found-1", 0.905, 0.51),
            Network("found", "found-2", 0.892, 0.56),
            Network("random", "random-1", 0.84, 0.50),
            Network("random", "random-2", 0.82, 0.58),
            Network(Hostile, Hostile, 0.85, 0.62),
        ];

    private static NetworkResult Network(string group, string name, double top1, double latency) =>
        new()
        {
            Group = group,
            Name = name,
            Top1 = top1,
            Top1Deviation = 0.004,
            Top5 = 0.99,
            Trainings = 3,
            LatencyMs = latency,
            OtherLatenciesMs = new Dictionary<string, double> { [Hostile] = 10 * latency },
            PredictedLatencyMs = latency + 0.01,
            Parameters = 1_234_567,
            MultiplyAdds = 23_456_789,
            SharedTop1 = top1 - 0.2,
        };

    private static string Html(NetworkResult[] networks)
    {
        var result = new ComparisonResult
        {
            Folder = "comparisons/photos",
            LatencyLimitMs = 0.6,
            Target = Hostile,
            Networks = networks,
            Groups = ProxylessComparison.GroupsOf(networks),
            Scores = new ScoreAgreement(5, 0.5, 0.2, 0.8),
        };
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        Architecture network = space.Architecture([.. space.Blocks().Select(_ => 0)], 10, "found");
        return ComparisonReport.Html(
            result,
            new ComparisonReportData
            {
                Title = Hostile,
                Status = Hostile,
                TestImages = 2000,
                Architectures = [.. networks.Select(_ => network)],
                Warnings = [Hostile],
                Provenance = [new("seed", Hostile)],
                Configuration = Hostile,
            }
        );
    }
}
