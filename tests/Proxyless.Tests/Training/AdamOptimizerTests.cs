using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Training;

public sealed class AdamOptimizerTests
{
    /// <summary>Against the algorithm in double precision, number by number.</summary>
    [Fact]
    public void Steps_are_those_of_the_paper()
    {
        using var scope = NewDisposeScope();
        double[] expected = [1, -2, 0.5, 3];
        using var weight = new NetworkTensor("weight", Vector(expected).requires_grad_(), TensorRole.Weight);
        var optimizer = new AdamOptimizer();
        double[] mean = new double[4];
        double[] square = new double[4];
        for (int step = 1; step <= 5; step++)
        {
            double[] gradient = [0.1 * step, -3, 0, Math.Sin(step)];
            double rate = 0.1 / step;
            weight.Value.grad = Vector(gradient);
            optimizer.Step([weight], rate);
            Assert.Null(weight.Value.grad);
            for (int i = 0; i < 4; i++)
            {
                mean[i] = (0.9 * mean[i]) + (0.1 * gradient[i]);
                square[i] = (0.999 * square[i]) + (0.001 * gradient[i] * gradient[i]);
                double change = mean[i] / (1 - Math.Pow(0.9, step));
                expected[i] -= rate * change / (Math.Sqrt(square[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
            }

            Assert.Equal(expected, TensorMemory.ToArray(weight.Value).Select(value => (double)value), Near);
        }
    }

    [Fact]
    public void A_gradient_of_another_order_in_memory_goes_to_the_right_weights()
    {
        using var scope = NewDisposeScope();
        Tensor zeros = torch.zeros(2, 3, 2, 2);
        using var weight = new NetworkTensor(
            "weight",
            MemoryLayout.ChannelsLast(zeros).requires_grad_(),
            TensorRole.Weight
        );
        float[] numbers = [.. Enumerable.Range(0, 24).Select(i => i % 5 < 2 ? -1f : 1)];
        Tensor signs = tensor(numbers, [2, 3, 2, 2]);
        weight.Value.grad = signs.clone();
        new AdamOptimizer().Step([weight], 0.5);
        Assert.Equal(
            numbers.Select(sign => -0.5 * sign),
            TensorMemory.ToArray(weight.Value.contiguous()).Select(value => (double)value),
            Near
        );
    }

    private static bool Near(double left, double right) => Math.Abs(left - right) < 1e-5;

    private static Tensor Vector(double[] values) => tensor(values.Select(value => (float)value).ToArray());
}
