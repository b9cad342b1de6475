using System.Globalization;
using System.Xml.Linq;
using CsCheck;
using Proxyless.Reports;
using Xunit;

namespace Proxyless.Tests.Reports;

public sealed class LinePlotTests
{
    [Fact]
    public void Any_curve_stays_inside_its_axes() =>
        Gen.Select(Gen.Double[-1e6, 1e6], Gen.Double[1e-6, 1e6], Gen.Double[0, 1].Array[1, 30])
            .Sample(
                (origin, range, shares) =>
                {
                    PlotSeries series = new(
                        "curve",
                        [.. shares.Select((share, i) => ((double)i + 1, (double?)(origin + (range * share))))]
                    );
                    XElement plot = XElement.Parse(LinePlot.Svg("curve", series));
                    string path = (string)
                        plot.Elements().First(e => (string?)e.Attribute("class") == "curve s0").Attribute("d")!;
                    return path[1..]
                        .Split('L')
                        .All(point =>
                        {
                            double[] xy =
                            [
                                .. point
                                    .Split(' ')
                                    .Select(number => double.Parse(number, CultureInfo.InvariantCulture)),
                            ];
                            return xy[0] is >= 51.9 and <= 408.1 && xy[1] is >= 43.9 and <= 196.1;
                        });
                }
            );

    [Fact]
    public void Numbers_that_are_none_are_left_out_of_the_curve() =>
        Assert.Contains(
            "class=\"curve s0\" d=\"M52 196L408 44\"",
            LinePlot.Svg(
                "loss",
                new PlotSeries("loss", [(1, 0), (2, double.NaN), (3, double.PositiveInfinity), (4, null), (5, 1)])
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void Nothing_is_drawn_of_nothing() =>
        Assert.Empty(LinePlot.Svg("loss", new PlotSeries("loss", [(1, null)])));
}
