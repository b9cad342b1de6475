using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.FineTuning;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Training;

public sealed class NetworkEvaluatorTests
{
    /// <summary>The mean of the first norm does not depend on how images are divided among batches.</summary>
    [Fact]
    public void Statistics_are_the_mean_over_images_also_where_batches_are_uneven()
    {
        using var small = new SmallNetwork();
        using Tensor together = MeanOf(small.Network, [BatchOf(small, 0, 5)]);
        using Tensor divided = MeanOf(small.Network, [BatchOf(small, 0, 4), BatchOf(small, 4, 1)]);
        using Tensor difference = (together - divided).abs();
        using Tensor largest = difference.max();
        Assert.InRange(WithScalar.ToDouble(largest), 0, 1e-5);
        Assert.True(WithScalar.ToDouble(together.abs().max()) > 0.01);
    }

    private static Tensor MeanOf(CompactNetwork network, Batch[] batches)
    {
        try
        {
            NetworkEvaluator.ReestimateStatistics(network, batches, TestContext.Current.CancellationToken);
            return network.Stem.Mean.Value.clone();
        }
        finally
        {
            Array.ForEach(batches, batch => batch.Dispose());
        }
    }

    private static Batch BatchOf(SmallNetwork small, int first, int count)
    {
        int side = small.Network.Architecture.Resolution;
        using Tensor part = small.Images.slice(0, first, first + count, 1);
        using Tensor rows = part.permute(0, 2, 3, 1).contiguous();
        return new Batch(rows.data<float>().ToArray(), new long[count], side, 3, new int[count]);
    }
}
