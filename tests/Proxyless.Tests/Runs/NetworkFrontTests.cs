using Proxyless.Architectures;
using Proxyless.Reports;
using Proxyless.Runs;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>The front of accuracy against latency, and its picture.</summary>
public sealed class NetworkFrontTests
{
    private static readonly SpaceCost Latency = new(
        "latency",
        "ms",
        1,
        [
            [0, 1, 2, 3],
        ]
    );

    [Fact]
    public void The_front_is_what_no_other_network_is_both_faster_and_more_accurate_than()
    {
        SharedScore[] scores =
        [
            new([2], Loss: 1, Top1: 0.6),
            new([0], Loss: 3, Top1: 0.3),
            new([1], Loss: 2, Top1: 0.65),
            new([3], Loss: 0.5, Top1: 0.7),
        ];
        NetworkFront front = NetworkFront.Of(scores, Latency)!;
        Assert.Equal([1.0, 2.0, 4.0], front.Best.Select(point => point.LatencyMs));
        Assert.Equal([0.3, 0.65, 0.7], front.Best.Select(point => point.Top1));
        Assert.Equal([3.0, 1.0, 2.0, 4.0], front.Scored.Select(point => point.LatencyMs));
        Assert.Null(NetworkFront.Of([], Latency));
    }

    [Fact]
    public void The_picture_has_a_dot_for_each_network_a_name_for_each_choice_and_a_line_for_each_limit()
    {
        var data = new FrontPlotData
        {
            Target = "targets/a <board>",
            Scored = [new FrontMark(1, 0.5), new FrontMark(2, 0.6), new FrontMark(3, 0.55)],
            Front = [new FrontMark(1, 0.5), new FrontMark(2, 0.6)],
            Tried = [new FrontMark(2, 0.6), new FrontMark(3, 0.55)],
            Chosen = [new FrontMark(2, 0.6, "2.5ms")],
            LimitsMs = [2.5, 3.2],
        };
        string svg = FrontPlot.File(data);
        Assert.Equal(3, svg.Split("class=\"scored\"").Length - 1);
        Assert.Equal(2, svg.Split("class=\"best\"").Length - 1);
        Assert.Equal(2, svg.Split("class=\"tried\"").Length - 1);
        Assert.Equal(2, svg.Split("class=\"limit\"").Length - 1);
        Assert.Contains(">2.5ms</text>", svg, StringComparison.Ordinal);
        Assert.Contains("on a &lt;board&gt;</text>", svg, StringComparison.Ordinal);
        Assert.Contains("<style>", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("<style>", FrontPlot.Inline(data), StringComparison.Ordinal);
        System.Xml.Linq.XDocument.Parse(svg);
    }

    [Fact]
    public void A_network_that_was_chosen_twice_has_one_mark_and_a_limit_far_off_no_line()
    {
        string svg = FrontPlot.File(
            new FrontPlotData
            {
                Target = "cpu",
                Scored = [new FrontMark(1, 0.5), new FrontMark(2, 0.6)],
                Front = [new FrontMark(1, 0.5), new FrontMark(2, 0.6)],
                Chosen = [new FrontMark(2, 0.6, "2.1ms"), new FrontMark(2, 0.6, "20ms")],
                LimitsMs = [2.1, 20],
            }
        );
        Assert.Contains(">2.1ms, 20ms</text>", svg, StringComparison.Ordinal);
        Assert.Equal(1, svg.Split("class=\"chosen\"").Length - 1);
        Assert.Equal(1, svg.Split("class=\"limit\"").Length - 1);
    }

    [Fact]
    public void Networks_far_below_the_others_do_not_press_these_together()
    {
        FrontMark[] many = [.. Enumerable.Range(0, 40).Select(i => new FrontMark(1 + (i / 40.0), 0.8 + (i / 400.0)))];
        string svg = FrontPlot.File(
            new FrontPlotData
            {
                Target = "cpu",
                Scored = [.. many, new FrontMark(1.5, 0.1)],
                Front = [many[0], many[^1]],
                Chosen = [],
                LimitsMs = [],
            }
        );
        Assert.DoesNotContain(">10</text>", svg, StringComparison.Ordinal);
        Assert.Contains(">80</text>", svg, StringComparison.Ordinal);
    }
}
