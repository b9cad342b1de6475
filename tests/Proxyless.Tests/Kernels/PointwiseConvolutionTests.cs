using Proxyless.Networks;
using Proxyless.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Kernels;

public sealed class PointwiseConvolutionTests
{
    static PointwiseConvolutionTests() => Libtorch.Load();

    /// <summary>Widths at which oneDNN's forward convolution is wrong on some processors (docs/decisions/kernels.md).</summary>
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
        AssertNear(x.matmul(matrix.t()), PointwiseConvolution.Forward(x, weight));
        AssertNear(gradient.matmul(matrix), PointwiseConvolution.InputGradient(gradient, weight));
        Tensor sum = ones(outputs, inputs);
        PointwiseConvolution.AddWeightGradient(gradient, x, sum);
        AssertNear(gradient.view(-1, outputs).t().mm(x.view(-1, inputs)) + 1, sum);
    }

    private static void AssertNear(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 1e-4f * expected.abs().max().item<float>());
    }
}
