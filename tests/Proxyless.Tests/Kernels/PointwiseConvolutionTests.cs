using Proxyless.Networks;
using Proxyless.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Kernels;

public sealed class PointwiseConvolutionTests
{
    static PointwiseConvolutionTests() => Libtorch.Load();

    /// <summary>
    /// Widths at which oneDNN's forward convolution is wrong on some processors (docs/decisions/kernels.md).
    /// </summary>
    [Theory]
    [InlineData(12, 40)]
    [InlineData(16, 72)]
    [InlineData(24, 80)]
    [InlineData(40, 104)]
    [InlineData(384, 144)]
    [InlineData(320, 1280)]
    public void Output_and_gradients_equal_products_of_matrices(int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(32, 7, 7, inputs);
        Tensor weight = randn(outputs, inputs, 1, 1);
        Tensor gradient = randn(32, 7, 7, outputs);
        Tensor matrix = weight.view(outputs, inputs);
        AssertNear(
            Product(x.view(-1, inputs), matrix.t()).view(32, 7, 7, outputs),
            PointwiseConvolution.Forward(x, weight)
        );
        AssertNear(
            Product(gradient.view(-1, outputs), matrix).view(32, 7, 7, inputs),
            PointwiseConvolution.InputGradient(gradient, weight)
        );
        Tensor sum = ones(outputs, inputs);
        PointwiseConvolution.AddWeightGradient(gradient, x, sum);
        AssertNear(WithScalar.Plus(Product(gradient.view(-1, outputs).t(), x.view(-1, inputs)), 1), sum);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused_before_memory_is_touched()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(2, 3, 3, 8);
        Tensor weight = randn(4, 16, 1, 1);
        Assert.Throws<ArgumentException>(() => PointwiseConvolution.Forward(x, weight));
        Assert.Throws<ArgumentException>(() => PointwiseConvolution.InputGradient(x, weight));
        Assert.Throws<ArgumentException>(() =>
            PointwiseConvolution.AddWeightGradient(randn(2, 3, 3, 4), x, zeros(4, 16))
        );
    }

    [Fact]
    public void A_layer_differentiated_in_evaluation_computes_the_same()
    {
        using var factory = new TensorFactory(new NetworkOptions());
        using var layer = new ConvolutionLayer(factory, "layer", 24, 40, 1, 2, 1, null);
        using Tensor noise = randn(32, 24, 7, 7);
        using Tensor x = MemoryLayout.ChannelsLast(noise);
        using Tensor withGraph = layer.Forward(x, NormPass.Evaluation);
        using var withoutGraph = no_grad();
        using Tensor without = layer.Forward(x, NormPass.Evaluation);
        AssertNear(without, withGraph);
        Assert.True(withGraph.requires_grad);
    }

    // In double precision: what single precision's rounding and libraries make of it is not the truth.
    private static Tensor Product(Tensor left, Tensor right) =>
        left.to(ScalarType.Float64).mm(right.to(ScalarType.Float64));

    private static void AssertNear(Tensor expected, Tensor actual)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange(
            (expected - actual).abs().max().to(ScalarType.Float32).item<float>(),
            0,
            1e-4f * expected.abs().max().to(ScalarType.Float32).item<float>()
        );
    }
}
