using System.Globalization;
using System.Text;

namespace Proxyless.Comparisons;

/// <summary>A comparison as text.</summary>
internal static class ComparisonTables
{
    /// <summary>The smallest p that is shown as a number.</summary>
    public const double LeastProbability = 0.0001;

    // The third is that of what is rounded to 0, which has no sign then.
    private const string OfPoints = "0.00;-0.00;0.00";

    /// <summary>One line per network, for other programs: shares 0..1, milliseconds, RFC 4180.</summary>
    public static string Csv(ComparisonResult result)
    {
        string[] targets = TargetsOf(result);
        var text = new StringBuilder(
            "group,name,top1,top1_deviation,top5,trainings,latency_ms,predicted_latency_ms,"
                + "parameters,multiply_adds,shared_top1,precision"
        );
        text.Append(string.Concat(targets.Select(target => "," + Quoted($"latency_ms on {target}")))).Append('\n');
        foreach (NetworkResult network in result.Networks)
        {
            string others = string.Concat(
                targets.Select(target => Invariant($",{network.OtherLatenciesMs[target]:R}"))
            );
            text.Append(
                CultureInfo.InvariantCulture,
                $"{Quoted(network.Group)},{Quoted(network.Name)},{network.Top1:R},{network.Top1Deviation:R},"
                    + $"{network.Top5:R},{network.Trainings},{network.LatencyMs:R},{network.PredictedLatencyMs:R},"
                    + $"{network.Parameters},{network.MultiplyAdds},{network.SharedTop1:R},{network.Precision}"
                    + $"{others}\n"
            );
        }

        return text.ToString();
    }

    /// <summary>A table of the groups and one of the networks.</summary>
    public static string Markdown(ComparisonResult result)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"Target: {result.Target}. Limit: {MillisecondText.Short(result.LatencyLimitMs)} ms.\n\n"
        );
        text.Append(
            "| group | networks | top-1 | deviation | latency | against | difference | p |\n| --- | ---: | ---: | "
                + "---: | ---: | --- | ---: | ---: |\n"
        );
        foreach (GroupResult group in result.Groups)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Cell(group.Group)} | {group.Networks} | {Share(group.Top1)} | {Points(group.Top1Deviation)} | "
                    + $"{Milliseconds(group.LatencyMs)} | {Cell(group.Against ?? "")} | {Points(group.Difference)} | "
                    + $"{Probability(group.P)} |\n"
            );
        }

        text.Append(
            "\nDeviation: among the networks of a group, in points. p: Welch's test, two-sided, over the networks of "
                + "both groups.\n"
        );
        if (result.Scores is { } scores)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\nShared weights against training, {scores.Networks} networks: Kendall tau "
                    + $"{scores.KendallTau:0.00}, 95 % interval {scores.Low:0.00} to {scores.High:0.00}.\n"
            );
        }

        string[] targets = TargetsOf(result);
        text.Append(
            "\n| group | network | top-1 | deviation | trainings | latency | predicted | parameters | multiply-adds "
                + "| shared top-1 |"
        );
        text.Append(string.Concat(targets.Select(target => $" on {Cell(target)} |")))
            .Append("\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        text.Append(string.Concat(targets.Select(_ => " ---: |"))).Append('\n');
        foreach (NetworkResult network in result.Networks)
        {
            string others = string.Concat(
                targets.Select(target => $" {Milliseconds(network.OtherLatenciesMs[target])} |")
            );
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Cell(network.Group)} | {Cell(network.Name)} | {Share(network.Top1)} | "
                    + $"{Points(network.Top1Deviation)} | {network.Trainings} | {Milliseconds(network.LatencyMs)} | "
                    + $"{Milliseconds(network.PredictedLatencyMs)} | {network.Parameters:N0} | "
                    + $"{network.MultiplyAdds:N0} | {Share(network.SharedTop1)} |{others}\n"
            );
        }

        return text.ToString();
    }

    /// <summary>A difference or deviation of shares, in points; nothing if there is none.</summary>
    public static string Points(double? share) =>
        share is { } value ? (100 * value).ToString(OfPoints, CultureInfo.InvariantCulture) : "";

    /// <summary>The p value of a test; nothing if there is none.</summary>
    public static string Probability(double? p) =>
        p switch
        {
            null => "",
            < LeastProbability => Invariant($"< {LeastProbability}"),
            _ => Invariant($"{p:0.0000}"),
        };

    private static string[] TargetsOf(ComparisonResult result) =>
        [.. result.Networks.Take(1).SelectMany(network => network.OtherLatenciesMs.Keys)];

    private static string Share(double? share) =>
        share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:0.00} %") : "";

    private static string Milliseconds(double? time) => time is { } value ? $"{MillisecondText.Of(value)} ms" : "";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static string Quoted(string text) =>
        text.AsSpan().ContainsAny(",\"\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
