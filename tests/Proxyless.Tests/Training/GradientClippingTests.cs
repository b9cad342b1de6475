using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Training;

public sealed class GradientClippingTests
{
    public GradientClippingTests() => Libtorch.Load();

    [Theory]
    [InlineData(13, 1)]
    [InlineData(26, 1)]
    [InlineData(6.5, 0.5)]
    public void Gradients_are_scaled_to_the_limit_together_and_never_up(double limit, double factor)
    {
        // 3, 4 and 12 have the norm 13.
        using NetworkTensor one = With(3, 4);
        using NetworkTensor two = With(12);
        using Tensor values = zeros(2);
        using var untouched = new NetworkTensor("untouched", values.alias(), TensorRole.Weight);
        GradientClipping.Clip([one, two, untouched], limit);
        Assert.Equal([3 * (float)factor, 4 * (float)factor], GradientOf(one));
        Assert.Equal([12 * (float)factor], GradientOf(two));
    }

    [Fact]
    public void Without_gradients_there_is_nothing_to_do() => GradientClipping.Clip([], 1);

    private static NetworkTensor With(params float[] gradient)
    {
        Tensor value = zeros(gradient.Length, requires_grad: true);
        using Tensor slope = tensor(gradient);
        using Tensor product = value * slope;
        using Tensor sum = product.sum();
        sum.backward();
        return new NetworkTensor("one", value, TensorRole.Weight);
    }

    private static float[] GradientOf(NetworkTensor tensor)
    {
        using Tensor gradient = tensor.Value.grad!;
        return gradient.data<float>().ToArray();
    }
}
