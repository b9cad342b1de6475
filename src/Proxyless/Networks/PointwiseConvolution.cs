using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A 1x1 convolution over memory [N, H, W, C] and its gradients, without a graph: matrix products, which libtorch
/// computes more slowly and, on some processors, incorrectly (docs/decisions/kernels.md).
/// </summary>
internal static unsafe class PointwiseConvolution
{
    /// <summary>The output.</summary>
    /// <param name="x">[N, H, W, I], contiguous.</param>
    /// <param name="weight">[O, I, 1, 1].</param>
    /// <returns>[N, H, W, O].</returns>
    public static Tensor Forward(Tensor x, Tensor weight)
    {
        using Tensor packed = Transposed(weight);
        Tensor output = empty(x.shape[0], x.shape[1], x.shape[2], weight.shape[0]);
        Multiply(x, packed, output);
        return output;
    }

    /// <summary>The gradient of the input.</summary>
    /// <param name="gradient">[N, H, W, O], contiguous.</param>
    /// <param name="weight">[O, I, 1, 1].</param>
    /// <returns>[N, H, W, I].</returns>
    public static Tensor InputGradient(Tensor gradient, Tensor weight)
    {
        Tensor result = empty(gradient.shape[0], gradient.shape[1], gradient.shape[2], weight.shape[1]);
        InputGradient(gradient, weight, result);
        return result;
    }

    /// <summary>The gradient of the input, written to existing memory.</summary>
    /// <param name="gradient">[N, H, W, O], contiguous.</param>
    /// <param name="weight">[O, I, 1, 1].</param>
    /// <param name="result">[N, H, W, I], contiguous.</param>
    public static void InputGradient(Tensor gradient, Tensor weight, Tensor result)
    {
        using Tensor packed = Packed(weight);
        Multiply(gradient, packed, result);
    }

    /// <summary>Adds the gradient of the weights.</summary>
    /// <param name="gradient">[N, H, W, O], contiguous.</param>
    /// <param name="x">[N, H, W, I], contiguous.</param>
    /// <param name="sum">[O, I], contiguous.</param>
    public static void AddWeightGradient(Tensor gradient, Tensor x, Tensor sum)
    {
        Require(
            Pixels(gradient) == Pixels(x) && gradient.shape[3] == sum.shape[0] && x.shape[3] == sum.shape[1],
            gradient,
            x,
            sum
        );
        MatrixProducts.AddOuter(
            TensorMemory.Pointer(gradient),
            TensorMemory.Pointer(x),
            Pixels(x),
            (int)sum.shape[0],
            (int)sum.shape[1],
            TensorMemory.Pointer(sum)
        );
    }

    /// <summary>The weights [O, I, 1, 1] as numbers [O, I].</summary>
    public static float[] Matrix(Tensor weight)
    {
        using Tensor packed = Packed(weight);
        return TensorMemory.ToArray(packed);
    }

    /// <summary>The weights [O, I, 1, 1] as a contiguous matrix [O, I].</summary>
    public static Tensor Packed(Tensor weight)
    {
        using Tensor fixedWeight = weight.detach();
        using Tensor matrix = fixedWeight.flatten(1);
        return matrix.contiguous();
    }

    /// <summary>The weights [O, I, 1, 1] as a contiguous matrix [I, O].</summary>
    public static Tensor Transposed(Tensor weight)
    {
        using Tensor fixedWeight = weight.detach();
        using Tensor matrix = fixedWeight.flatten(1);
        using Tensor turned = matrix.t();
        return turned.contiguous();
    }

    // [N, H, W, from] by [from, to].
    private static void Multiply(Tensor pixels, Tensor matrix, Tensor result)
    {
        Require(
            Pixels(pixels) == Pixels(result)
                && pixels.shape[3] == matrix.shape[0]
                && result.shape[3] == matrix.shape[1],
            pixels,
            matrix,
            result
        );
        MatrixProducts.Multiply(
            TensorMemory.Pointer(pixels),
            TensorMemory.Pointer(matrix),
            Pixels(pixels),
            (int)matrix.shape[0],
            (int)matrix.shape[1],
            TensorMemory.Pointer(result)
        );
    }

    /// <summary>Requires that shapes fit.</summary>
    /// <param name="fits">Whether they do.</param>
    /// <param name="tensors">The tensors, for the message.</param>
    /// <exception cref="ArgumentException">They do not.</exception>
    internal static void Require(bool fits, params Tensor[] tensors)
    {
        if (!fits)
        {
            throw new ArgumentException(
                $"shapes do not fit: "
                    + $"{string.Join(", ", tensors.Select(tensor => $"[{string.Join(", ", tensor.shape)}]"))}"
            );
        }
    }

    private static int Pixels(Tensor pixelsFirst) =>
        checked((int)(pixelsFirst.shape[0] * pixelsFirst.shape[1] * pixelsFirst.shape[2]));
}
