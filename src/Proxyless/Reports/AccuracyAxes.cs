using System.Globalization;
using System.Net;
using System.Text;

namespace Proxyless.Reports;

/// <summary>
/// The frame of a plot of accuracy against latency: title, grid, numbers, limits as dashed lines. Its classes get their
/// colors from <see cref="ReportStyle"/>.
/// </summary>
/// <param name="times">The range of the horizontal axis, in milliseconds.</param>
/// <param name="accuracies">The range of the vertical axis, in percent.</param>
internal sealed class AccuracyAxes(Ticks times, Ticks accuracies)
{
    /// <summary>The width.</summary>
    public const double Width = 640;

    /// <summary>The height, without a legend.</summary>
    public const double Height = 400;

    /// <summary>The left end of the horizontal axis.</summary>
    public const double Left = 64;

    /// <summary>Height of a row of a legend.</summary>
    public const double LegendRow = 18;

    private const double Right = 16;
    private const double Top = 40;
    private const double Bottom = 44;
    private const double LimitText = 40;

    /// <summary>The horizontal position of a latency.</summary>
    public double X(double milliseconds) =>
        Left + ((milliseconds - times.First) / (times.Last - times.First) * (Width - Left - Right));

    /// <summary>The vertical position of an accuracy in percent.</summary>
    public double Y(double accuracy) =>
        Top + ((accuracies.Last - accuracy) / (accuracies.Last - accuracies.First) * (Height - Top - Bottom));

    /// <summary>Adds title, grid and numbers.</summary>
    /// <param name="svg">The drawing.</param>
    /// <param name="title">The title.</param>
    public void Append(StringBuilder svg, string title)
    {
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"title\" x=\"{Left}\" y=\"20\">{WebUtility.HtmlEncode(title)}</text>\n"
        );
        foreach (double value in accuracies.Values)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path class=\"grid\" d=\"M{Left} {Y(value):0.#}H{Width - Right}\"/><text x=\"{Left - 6}\" "
                    + $"y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{accuracies.Text(value)}</text>\n"
            );
        }

        foreach (double value in times.Values)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{X(value):0.#}\" y=\"{Height - Bottom + 18}\" "
                    + $"text-anchor=\"middle\">{times.Text(value)}</text>\n"
            );
        }
    }

    /// <summary>Adds a limit, with its text at the top.</summary>
    /// <param name="svg">The drawing.</param>
    /// <param name="milliseconds">The limit.</param>
    /// <param name="text">The text beside it.</param>
    public void AppendLimit(StringBuilder svg, double milliseconds, string text)
    {
        double limit = X(milliseconds);
        bool roomOnTheLeft = limit > Left + LimitText;
        AppendLine(svg, limit);
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{(roomOnTheLeft ? limit - 4 : limit + 4):0.#}\" y=\"{Top + 12}\" "
                + $"text-anchor=\"{(roomOnTheLeft ? "end" : "start")}\">{WebUtility.HtmlEncode(text)}</text>\n"
        );
    }

    /// <summary>
    /// Adds one of several limits, with its text along the foot of the line, where it covers no other.
    /// </summary>
    /// <param name="svg">The drawing.</param>
    /// <param name="milliseconds">The limit.</param>
    /// <param name="text">The text beside it.</param>
    public void AppendNarrowLimit(StringBuilder svg, double milliseconds, string text)
    {
        double limit = X(milliseconds);
        AppendLine(svg, limit);
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text transform=\"translate({limit - 4:0.#} {Height - Bottom - 6}) rotate(-90)\">"
                + $"{WebUtility.HtmlEncode(text)}</text>\n"
        );
    }

    private static void AppendLine(StringBuilder svg, double x) =>
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"limit\" d=\"M{x:0.#} {Top}V{Height - Bottom}\"/>");
}
