using Proxyless.Reports;
using Xunit;

namespace Proxyless.Tests.Reports;

public sealed class ConfusionOrderTests
{
    [Fact]
    public void Classes_that_are_confused_stand_together()
    {
        // 0 with 3, 1 with 4; 2 with none.
        int[][] confusion =
        [
            [50, 0, 0, 9, 0],
            [0, 50, 0, 0, 7],
            [0, 0, 50, 0, 0],
            [8, 0, 0, 50, 1],
            [0, 6, 0, 0, 50],
        ];
        int[] order = ConfusionOrder.Of(confusion);
        Assert.Equal([0, 1, 2, 3, 4], order.Order());
        Assert.Equal(1, Math.Abs(Array.IndexOf(order, 0) - Array.IndexOf(order, 3)));
        Assert.Equal(1, Math.Abs(Array.IndexOf(order, 1) - Array.IndexOf(order, 4)));
        Assert.Equal(2, order[^1]);

        // The clusters are joined at the ends that are confused.
        Assert.Equal(1, Math.Abs(Array.IndexOf(order, 3) - Array.IndexOf(order, 4)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    [InlineData(1000)]
    public void Every_class_occurs_once(int classes)
    {
        var random = new Random(classes);
        int[][] confusion =
        [
            .. Enumerable
                .Range(0, classes)
                .Select(_ => Enumerable.Range(0, classes).Select(_ => random.Next(3)).ToArray()),
        ];
        Assert.Equal(Enumerable.Range(0, classes), ConfusionOrder.Of(confusion).Order());
    }

    [Fact]
    public void A_hidden_chain_of_confusions_is_found_again()
    {
        // Each class is confused with its neighbors in a hidden order.
        const int Classes = 30;
        int[] hidden = [.. Enumerable.Range(0, Classes)];
        new Random(5).Shuffle(hidden);
        int[][] confusion = [.. hidden.Select(_ => new int[Classes])];
        for (int i = 0; i < Classes; i++)
        {
            confusion[hidden[i]][hidden[i]] = 100;
            if (i > 0)
            {
                confusion[hidden[i]][hidden[i - 1]] = 10;
                confusion[hidden[i - 1]][hidden[i]] = 10;
            }
        }

        int[] order = ConfusionOrder.Of(confusion);
        int[] place = [.. Enumerable.Range(0, Classes).Select(label => Array.IndexOf(order, label))];
        int neighbors = Enumerable
            .Range(1, Classes - 1)
            .Count(i => Math.Abs(place[hidden[i]] - place[hidden[i - 1]]) == 1);
        Assert.InRange(neighbors, Classes - 4, Classes - 1);
    }

    [Fact]
    public void Without_a_confusion_the_order_stays() =>
        Assert.Equal(
            [0, 1, 2],
            ConfusionOrder.Of([
                [4, 0, 0],
                [0, 0, 0],
                [0, 0, 2],
            ])
        );
}
