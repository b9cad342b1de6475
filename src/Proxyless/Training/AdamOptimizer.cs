using System.Numerics.Tensors;
using Proxyless.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>Adam (Kingma, Ba, arXiv 1412.6980, algorithm 1), without weight decay, on the CPU.</summary>
internal sealed class AdamOptimizer
{
    private const float KeptMean = 0.9f;
    private const float KeptSquare = 0.999f;
    private const float Epsilon = 1e-8f;

    private readonly Dictionary<NetworkTensor, (float[] Mean, float[] Square)> _moments = new(
        ReferenceEqualityComparer.Instance
    );

    private int _steps;

    /// <summary>Updates the tensors that have a gradient, and removes the gradients.</summary>
    /// <param name="tensors">The tensors; in float32, without gaps in memory.</param>
    /// <param name="rate">The length of a step.</param>
    public void Step(IEnumerable<NetworkTensor> tensors, double rate)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        _steps++;
        float ofMean = (float)(rate / (1 - Math.Pow(KeptMean, _steps)));
        float ofSquare = (float)(1 / (1 - Math.Pow(KeptSquare, _steps)));
        using var withoutGraph = no_grad();
        foreach (NetworkTensor tensor in tensors)
        {
            if (tensor.Value.grad is not { } gradient)
            {
                continue;
            }

            tensor.Value.grad = null;
            using (gradient)
            {
                // As the tensor's memory, whatever order libtorch chose for the gradient.
                using torch.Tensor alike = empty_like(tensor.Value);
                alike.copy_(gradient);
                if (!_moments.TryGetValue(tensor, out (float[] Mean, float[] Square) moments))
                {
                    moments = (new float[tensor.Value.numel()], new float[tensor.Value.numel()]);
                    _moments.Add(tensor, moments);
                }

                Step(Numbers(tensor.Value), Numbers(alike), moments.Mean, moments.Square, ofMean, ofSquare);
            }
        }
    }

    // Nothing reads the gradient afterwards: it becomes the change.
    private static void Step(
        Span<float> weights,
        Span<float> gradient,
        Span<float> mean,
        Span<float> square,
        float ofMean,
        float ofSquare
    )
    {
        TensorPrimitives.Lerp<float>(gradient, mean, KeptMean, mean);
        Span<float> change = gradient;
        TensorPrimitives.Multiply<float>(gradient, gradient, change);
        TensorPrimitives.Lerp<float>(change, square, KeptSquare, square);
        TensorPrimitives.Multiply<float>(square, ofSquare, change);
        TensorPrimitives.Sqrt<float>(change, change);
        TensorPrimitives.Add<float>(change, Epsilon, change);
        TensorPrimitives.Divide<float>(mean, change, change);
        TensorPrimitives.MultiplyAdd<float>(change, -ofMean, weights, weights);
    }

    private static unsafe Span<float> Numbers(torch.Tensor tensor) =>
        new((float*)Runtime.TensorMemory.Address(tensor), checked((int)tensor.numel()));
}
