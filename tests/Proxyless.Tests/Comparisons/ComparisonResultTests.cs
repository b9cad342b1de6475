using System.Xml.Linq;
using Proxyless.Comparisons;
using Xunit;

namespace Proxyless.Tests.Comparisons;

/// <summary>Groups, tables and plot of a comparison.</summary>
public sealed class ComparisonResultTests
{
    private static readonly NetworkResult[] Networks =
    [
        Network("found", "a, \"b\"", 0.90, 0.5),
        Network("found", "c|d", 0.88, 0.6),
        Network("random", "random-1", 0.80, 0.5),
        Network("random", "random-2", 0.84, 0.7),
        Network("mobilenet-v2:fit", "<m>", 0.85, 0.65),
    ];

    [Fact]
    public void Groups_are_tested_against_random_networks()
    {
        IReadOnlyList<GroupResult> groups = ProxylessComparison.GroupsOf(Networks);
        Assert.Equal(["found", "random", "mobilenet-v2:fit"], groups.Select(group => group.Group));
        Assert.Equal(0.89, groups[0].Top1, 1e-12);
        Assert.Equal(0.07, groups[0].Difference!.Value, 1e-12);
        Assert.Equal(Math.Sqrt(2) / 100, groups[0].Top1Deviation!.Value, 1e-12);
        Assert.Equal(WelchTest.Of([0.90, 0.88], [0.80, 0.84])!.P, groups[0].P);
        Assert.Null(groups[1].Against);
        Assert.Equal("random", groups[2].Against);
        Assert.Null(groups[2].P);
        Assert.Null(groups[2].Top1Deviation);
    }

    [Fact]
    public void Without_random_networks_the_first_group_is_what_others_are_tested_against()
    {
        IReadOnlyList<GroupResult> groups = ProxylessComparison.GroupsOf([
            .. Networks.Where(network => network.Group != "random"),
        ]);
        Assert.Null(groups[0].Against);
        Assert.Equal("found", groups[1].Against);
        Assert.Equal(-0.04, groups[1].Difference!.Value, 1e-12);
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.89998)]
    public void Groups_of_equal_accuracies_are_not_tested_and_no_zero_has_a_sign(double found)
    {
        NetworkResult[] networks =
        [
            .. Enumerable.Range(1, 12).Select(i => Network("random", $"random-{i}", 0.9, 0.5)),
            Network("found", "found-1", found, 0.5),
            Network("found", "found-2", found, 0.5),
        ];
        IReadOnlyList<GroupResult> groups = ProxylessComparison.GroupsOf(networks);
        Assert.Equal(0.9, groups[0].Top1);
        Assert.Equal(found - 0.9, groups[1].Difference);
        Assert.All(groups, group => Assert.Equal(0.0, group.Top1Deviation));
        Assert.All(groups, group => Assert.Null(group.P));
        string markdown = ComparisonTables.Markdown(Result() with { Networks = networks, Groups = groups });
        Assert.Contains("| random | 0.00 |  |", markdown, StringComparison.Ordinal);
        Assert.DoesNotContain("-0.00", markdown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.00002, "0.00")]
    [InlineData(-0.0, "0.00")]
    [InlineData(-0.0123, "-1.23")]
    [InlineData(0.00125, "0.13")]
    [InlineData(null, "")]
    public void Points_have_two_decimals(double? share, string points) =>
        Assert.Equal(points, ComparisonTables.Points(share));

    [Theory]
    [InlineData(1e-9, "< 0.0001")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.02114, "0.0211")]
    [InlineData(null, "")]
    public void A_p_that_is_too_small_to_be_shown_is_not_shown_as_0(double? p, string shown)
    {
        Assert.Equal(shown, ComparisonTables.Probability(p));
        GroupResult[] groups = [.. Result().Groups.Select(group => group with { P = p })];
        Assert.Contains(
            $"| {shown} |\n",
            ComparisonTables.Markdown(Result() with { Groups = groups }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Names_with_commas_and_quotes_stay_one_cell_of_the_csv()
    {
        string[] lines = ComparisonTables.Csv(Result()).TrimEnd().Split('\n');
        Assert.Equal(Networks.Length + 1, lines.Length);
        Assert.StartsWith("found,\"a, \"\"b\"\"\",0.9,,0.99,1,0.5,", lines[1], StringComparison.Ordinal);
        Assert.All(lines.Skip(2), line => Assert.Equal(lines[0].Count(c => c == ','), line.Count(c => c == ',')));
    }

    [Fact]
    public void Rows_of_the_markdown_have_as_many_cells_as_their_head()
    {
        string[] lines = ComparisonTables.Markdown(Result()).Split('\n');
        string[][] tables =
        [
            [.. lines.Where(line => line.StartsWith('|')).Take(5)],
            [.. lines.Where(line => line.StartsWith('|')).Skip(5)],
        ];
        Assert.All(
            tables,
            table =>
                Assert.Single(
                    table
                        .Select(line => line.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|'))
                        .Distinct()
                )
        );
        Assert.Contains(
            "Kendall tau 0.50, 95 % interval 0.20 to 0.80",
            string.Join('\n', lines),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_plot_is_well_formed_and_has_a_dot_a_network_within_the_frame()
    {
        XDocument svg = XDocument.Parse(ComparisonPlot.File(Result()));
        XNamespace ns = "http://www.w3.org/2000/svg";
        XElement[] dots =
        [
            .. svg.Descendants(ns + "g")
                .Where(mark => mark.Element(ns + "title") is not null)
                .Select(mark => mark.Element(ns + "circle")!),
        ];
        Assert.Equal(Networks.Length, dots.Length);
        Assert.All(
            dots,
            dot =>
            {
                Assert.InRange((double)dot.Attribute("cx")!, 64, 624);
                Assert.InRange((double)dot.Attribute("cy")!, 40, 356);
            }
        );
    }

    [Fact]
    public void The_title_of_the_plot_has_the_name_of_the_targets_file()
    {
        ComparisonResult result = Result() with { Target = Path.Combine("a", "long", "path", "board.yaml") };
        Assert.Contains("latency (ms) on board.yaml</text>", ComparisonPlot.File(result), StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_beyond_the_colors_have_marks_of_their_own()
    {
        NetworkResult[] many = [.. Enumerable.Range(0, 18).Select(i => Network($"group-{i}", $"n{i}", 0.5, 0.5))];
        XDocument svg = XDocument.Parse(ComparisonPlot.File(Result() with { Networks = many }));
        XNamespace ns = "http://www.w3.org/2000/svg";
        string[] marks =
        [
            .. svg.Descendants(ns + "g")
                .Where(mark => mark.Element(ns + "title") is not null)
                .Select(mark => mark.Elements().Last().ToString()),
        ];
        Assert.Equal(many.Length, marks.Distinct().Count());
    }

    private static ComparisonResult Result() =>
        new()
        {
            Folder = "comparisons/a",
            LatencyLimitMs = 0.7,
            Target = "cpu",
            Networks = Networks,
            Groups = ProxylessComparison.GroupsOf(Networks),
            Scores = new ScoreAgreement(4, 0.5, 0.2, 0.8),
        };

    private static NetworkResult Network(string group, string name, double top1, double latency) =>
        new()
        {
            Group = group,
            Name = name,
            Top1 = top1,
            Top1Deviation = null,
            Top5 = 0.99,
            Trainings = 1,
            LatencyMs = latency,
            OtherLatenciesMs = new Dictionary<string, double> { ["cpu:2"] = latency / 2, ["a|b"] = 3 },
            PredictedLatencyMs = latency,
            Parameters = 1000,
            MultiplyAdds = 20_000,
            SharedTop1 = null,
        };
}
