using System.Text;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Reports;
using Proxyless.Training;
using static Proxyless.Comparisons.ComparisonTables;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Comparisons;

/// <summary>The contents of a comparison's page besides its result.</summary>
internal sealed record ComparisonReportData
{
    /// <summary>The heading.</summary>
    public required string Title { get; init; }

    /// <summary>What an unfinished comparison is doing; null if it is finished.</summary>
    public string? Status { get; init; }

    /// <summary>Number of images that accuracies are of.</summary>
    public required long TestImages { get; init; }

    /// <summary>The layers of each network, in the order of the result, which may end earlier.</summary>
    public required IReadOnlyList<Architecture> Architectures { get; init; }

    /// <summary>What the user should know before trusting the result.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Where the result comes from, by name.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Provenance { get; init; }

    /// <summary>All options.</summary>
    public required string Configuration { get; init; }
}

/// <summary>The page of a comparison: one self-contained file.</summary>
internal static class ComparisonReport
{
    /// <summary>Returns the page.</summary>
    /// <param name="result">The networks that are trained.</param>
    /// <param name="data">Everything else.</param>
    public static string Html(ComparisonResult result, ComparisonReportData data)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(data);
        var html = new StringBuilder();
        ReportPage.Begin(html, data.Title);
        if (data.Status is { } status)
        {
            html.Status(status);
        }

        bool hasNetworks = result.Networks.Count > 0;
        if (hasNetworks)
        {
            AppendVerdict(html, result, data.TestImages);
        }

        foreach (string warning in data.Warnings)
        {
            html.Warning(warning);
        }

        if (hasNetworks)
        {
            AppendPlot(html, result);
            AppendGroups(html, result);
            AppendNetworks(html, result, data.TestImages);
            AppendPictures(html, result, data.Architectures);
        }

        ProvenanceSection.Append(html, data.Provenance, data.Configuration);
        ReportPage.End(html);
        return html.ToString();
    }

    private static void AppendVerdict(StringBuilder html, ComparisonResult result, long images)
    {
        GroupResult best = result.Groups.MaxBy(group => group.Top1)!;
        html.Line("<div class=\"tiles\">");
        html.Tile(
            Percent(best.Top1, images),
            best.Networks == 1
                ? Invariant($"top-1 of {best.Group}, the most accurate, on {images:N0} test images")
                : Invariant($"mean top-1 of the {best.Networks} networks of {best.Group}, the most accurate group, ")
                    + Invariant($"on {images:N0} test images")
        );
        html.Tile(
            Milliseconds(best.LatencyMs),
            $"{(best.Networks == 1 ? "its" : "their mean")} latency on {IntegerModels.Without(result.Target)}; the "
                + "limit is "
                + $"{Milliseconds(result.LatencyLimitMs)} on {result.Target}",
            !IsLimited(best, result) ? ""
                : SumLimit.Allows(result.LatencyLimitMs, best.LatencyMs) ? "good"
                : "bad"
        );
        foreach (GroupResult group in result.Groups.Where(group => group.Difference is not null))
        {
            html.Tile(
                Invariant($"{100 * group.Difference:+0.0;-0.0;0.0} points"),
                $"{group.Group} against {group.Against}: {Significance(group)}"
            );
        }

        html.Line("</div>");
    }

    // A limit is one for models of floats, or one for integer models.
    private static bool IsLimited(GroupResult group, ComparisonResult result) =>
        IntegerModels.Is(result.Target)
        == result.Networks.Any(network => network.Group == group.Group && network.IsInteger);

    private static string Significance(GroupResult group) =>
        group.P is { } p
            ? Invariant($"p {(p < LeastProbability ? "" : "= ")}{Probability(p)}, {group.Networks} networks")
            : "too few networks, or too much alike, for a test, so chance is not excluded";

    private static void AppendPlot(StringBuilder html, ComparisonResult result)
    {
        html.Line("<h2 id=\"plot\">Accuracy against latency</h2>");
        html.Line($"<div class=\"wide\">{ComparisonPlot.Inline(result)}</div>");
        if (result.Networks.Any(network => network.Top1Deviation is not null))
        {
            html.Line("<p>A bar is one standard deviation over the trainings of a network.</p>");
        }
    }

    private static void AppendGroups(StringBuilder html, ComparisonResult result)
    {
        html.Line("<h2 id=\"groups\">The groups</h2>");
        html.BeginTable(
            "The groups of networks",
            Column.OfText("group"),
            "networks",
            "top-1",
            "deviation, points",
            "latency",
            "difference, points",
            "p"
        );
        foreach (GroupResult group in result.Groups)
        {
            html.Line(
                $"<tr><th scope=\"row\" class=\"text\">{Text(group.Group)}</th>"
                    + Invariant($"<td>{group.Networks}</td><td>{Percent(group.Top1)}</td>")
                    + $"<td>{Points(group.Top1Deviation)}</td><td>{Milliseconds(group.LatencyMs)}</td>"
                    + $"<td>{Points(group.Difference)}</td>"
                    + $"<td>{Text(Probability(group.P))}</td></tr>"
            );
        }

        html.EndTable();
        html.Line(
            "<p>Deviation: among the networks of a group. p: Welch's test, two-sided, over the networks of both "
                + "groups; each p is for its own test alone.</p>"
        );
        if (result.Scores is { } scores)
        {
            html.Line(
                Invariant($"<p>Shared weights rank the {scores.Networks} networks as training does with Kendall's ")
                    + Invariant(
                        $"tau {scores.KendallTau:0.00} (95 % interval {scores.Low:0.00} to {scores.High:0.00})."
                    )
                    + "</p>"
            );
        }
    }

    private static void AppendNetworks(StringBuilder html, ComparisonResult result, long images)
    {
        string[] targets = [.. result.Networks[0].OtherLatenciesMs.Keys];
        bool areScored = result.Networks.Any(network => network.SharedTop1 is not null);
        html.Line("<h2 id=\"networks\">The networks</h2>");
        html.BeginTable(
            "The networks",
            [
                Column.OfText("network"),
                Column.OfText("group"),
                "top-1",
                "95 % interval",
                "deviation, points",
                "trainings",
                "latency",
                "predicted",
                .. targets.Select(target => new Column($"on {target}")),
                "parameters",
                "multiply-adds",
                .. areScored ? (Column[])["top-1, shared weights"] : [],
            ]
        );
        foreach (NetworkResult network in result.Networks)
        {
            html.Line(
                $"<tr><th scope=\"row\" class=\"text\">{Text(network.Name)}</th>"
                    + $"<td class=\"text\">{Text(network.Group)}</td><td>{Percent(network.Top1)}</td>"
                    + $"<td>{Between(AccuracyInterval.Wilson(network.Top1, images), images)}</td>"
                    + $"<td>{Points(network.Top1Deviation)}</td>"
                    + Invariant($"<td>{network.Trainings}</td><td>{Milliseconds(network.LatencyMs)}</td>")
                    + $"<td>{(network.PredictedLatencyMs is { } predicted ? Milliseconds(predicted) : "")}</td>"
                    + string.Concat(
                        targets.Select(target => $"<td>{Milliseconds(network.OtherLatenciesMs[target])}</td>")
                    )
                    + Invariant($"<td>{network.Parameters:N0}</td><td>{network.MultiplyAdds:N0}</td>")
                    + (areScored ? $"<td>{(network.SharedTop1 is { } top1 ? Percent(top1) : "")}</td>" : "")
                    + "</tr>"
            );
        }

        html.EndTable();
        html.Line(
            Invariant($"<p>Interval: of a training on other images like the {images:N0} test images (Wilson). All ")
                + "networks are tested on the same images, so their difference is less uncertain than that.</p>"
        );
    }

    private static void AppendPictures(
        StringBuilder html,
        ComparisonResult result,
        IReadOnlyList<Architecture> architectures
    )
    {
        html.Line("<h2 id=\"pictures\">What they look like</h2>");
        foreach (
            (NetworkResult network, Architecture architecture) in result
                .Networks.Where(network => !network.IsInteger)
                .Zip(architectures)
        )
        {
            html.Line(
                Invariant($"<details><summary>{Text(network.Name)}: {Percent(network.Top1)}, ")
                    + $"{Milliseconds(network.LatencyMs)}</summary>"
                    + $"<div class=\"scroll\" tabindex=\"0\">{ArchitecturePicture.Svg(architecture)}</div></details>"
            );
        }
    }
}
