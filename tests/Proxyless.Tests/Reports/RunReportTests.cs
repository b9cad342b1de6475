using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Proxyless.Architectures;
using Proxyless.Reports;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Reports;

public sealed partial class RunReportTests
{
    private static readonly Architecture Network = PublishedArchitectures.ByName("proxyless-mobile");

    private static readonly RunReportData Full = new()
    {
        Title = "cats & dogs",
        Architecture = Network,
        Accuracies = [new AccuracyFigure("10,000 test images", 0.8934, 10_000) { Top5 = 0.99 }],
        LatencyMs = 9.5,
        LatencyLimitMs = 10,
        PredictedLatencyMs = 9.7,
        Parts = [.. Network.Blocks.Select((_, i) => new PartLatency($"block {i}", 0.1 * i, 0.11 * i))],
        Table = new CandidateTable(
            [
                [0.5, 1],
                [0.25, 0.5, 0],
            ],
            [0, 1]
        ),
        FirstSearchedBlock = 2,
        Candidates =
        [
            ["mb3e3", "mb5e3"],
            ["mb3e3", "mb5e3", "zero"],
        ],
        Search =
        [
            new SearchCurvePoint(
                1,
                2.3,
                null,
                12,
                0.9,
                [
                    [0.5, 0.5],
                    [0.3, 0.3, 0.4],
                ]
            ),
            new SearchCurvePoint(
                2,
                2.0,
                2.1,
                11,
                0.7,
                [
                    [0.75, 0.25],
                    [0.125, 0.875, 0],
                ]
            ),
        ],
        Training = [new TrainingCurvePoint(1, 2.2, 0.3, 0.1), new TrainingCurvePoint(2, double.NaN, null, 0.05)],
        Warnings = ["<few> images"],
        Provenance = [new("data", "pets <v2>")],
    };

    [Fact]
    public void Every_figure_of_a_full_report_is_well_formed_and_there()
    {
        List<XElement> figures = [.. Figures(RunReport.Html(Full))];

        // Film, loss, latency, entropy; architecture, bars, latency table; three of the training.
        Assert.Equal(10, figures.Count);
    }

    [Fact]
    public void The_page_asks_nothing_of_the_network_and_runs_no_script_but_its_own()
    {
        string html = RunReport.Html(Full);
        Assert.DoesNotMatch("(src|href)=|@import|url\\(", html);
        string script = Assert.Single(ScriptPattern().Matches(html)).Groups[1].Value;
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        Assert.Contains($"script-src 'sha256-{hash}'", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_the_user_is_escaped()
    {
        string html = RunReport.Html(Full);
        Assert.Contains("<title>cats &amp; dogs</title>", html, StringComparison.Ordinal);
        Assert.Contains("&lt;few&gt; images", html, StringComparison.Ordinal);
        Assert.Contains("pets &lt;v2&gt;", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9.5, "good")]
    [InlineData(10.5, "bad")]
    public void A_latency_over_its_limit_is_marked(double latency, string mark) =>
        Assert.Contains(
            $"<div class=\"tile {mark}\"><b>{latency:0.000} ms</b>",
            RunReport.Html(Full with { LatencyMs = latency }),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(1, 400, "100 %")]
    [InlineData(0.9975, 400, "99.8 %")]
    [InlineData(0.0025, 400, "0.3 %")]
    [InlineData(0, 400, "0 %")]
    [InlineData(0.72, 400, "72 %")]
    [InlineData(0.7204, 4000, "72.0 %")]
    public void A_share_is_all_or_none_only_where_it_is(double share, int images, string text) =>
        Assert.Equal(text, ReportPage.Percent(share, images));

    [Fact]
    public void Classes_of_any_name_keep_it()
    {
        var html = new StringBuilder();
        string[] classes = ["'s-Hertogenbosch", "<b>", "naïve & co"];
        ConfusionMatrix.Append(
            html,
            classes,
            [
                [3, 1, 0],
                [0, 2, 0],
                [0, 0, 4],
            ]
        );
        foreach (string name in classes)
        {
            string heading = $"<th scope=\"col\">{WebUtility.HtmlEncode(name)}</th>";
            Assert.Contains(heading, html.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_missing_is_left_out()
    {
        string html = RunReport.Html(new RunReportData { Title = "only a network", Architecture = Network });
        Assert.Single(Figures(html));
        Assert.DoesNotContain("id=\"trust\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"choice\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"training\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain(" ms<", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_heat_map_shows_the_last_probabilities()
    {
        XElement map = Figures(RunReport.Html(Full))
            .First(figure => ((string?)figure.Attribute("class"))!.Contains("heat", StringComparison.Ordinal));
        Assert.Equal(
            ["0.75", "0.25", "0.125", "0.875", "0"],
            map.Elements()
                .Where(e => (string?)e.Attribute("class") == "heat-cell")
                .Select(e => (string)e.Attribute("fill-opacity")!)
        );
    }

    [Fact]
    public void The_table_has_a_row_for_each_block() =>
        Assert.Equal(Network.Blocks.Count + 1, RowPattern().Count(RunReport.Html(Full)));

    [Fact]
    public void A_film_has_a_frame_for_each_epoch_and_counts_blocks_as_the_network_does()
    {
        string html = RunReport.Html(Full);
        Assert.Contains("data-frames=\"500 500 300 300 400;750 250 125 875 0\"", html, StringComparison.Ordinal);
        Assert.Contains("data-numbers=\"1 2\"", html, StringComparison.Ordinal);
        Assert.Contains("<title>block 2, mb3e3: 0.750</title>", html, StringComparison.Ordinal);
        Assert.Contains("<title>block 3, mb5e3: 0.500 ms</title>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_search_is_thinned_out_to_its_first_and_last_epoch_and_some_between()
    {
        SearchCurvePoint first = Full.Search[0];
        string html = RunReport.Html(
            Full with
            {
                Search = [.. Enumerable.Range(1, 1000).Select(epoch => first with { Epoch = epoch })],
            }
        );
        string[] numbers = NumbersPattern().Match(html).Groups[1].Value.Split(' ');
        Assert.Equal(120, numbers.Length);
        Assert.Equal(("1", "1000"), (numbers[0], numbers[^1]));
        Assert.Equal(numbers.Length, numbers.Distinct().Count());
    }

    [Fact]
    public void Writing_replaces_an_older_report()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Root, "report.html");
        File.WriteAllText(path, "older");
        RunReport.WriteHtml(path, Full);
        Assert.Equal(RunReport.Html(Full), File.ReadAllText(path));
    }

    private static IEnumerable<XElement> Figures(string html) =>
        FigurePattern().Matches(html).Select(match => XElement.Parse(match.Value));

    [GeneratedRegex("<svg.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex FigurePattern();

    [GeneratedRegex("<script>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex ScriptPattern();

    [GeneratedRegex("data-numbers=\"(.*?)\"")]
    private static partial Regex NumbersPattern();

    [GeneratedRegex("<tr[ >]")]
    private static partial Regex RowPattern();
}
