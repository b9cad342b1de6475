using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A 1x1 convolution over memory [N, H, W, C] and its gradients, without graph. Output and input gradient are computed as
/// convolutions, which libtorch gives to oneDNN, and not as products of matrices, which it gives to MKL (docs/decisions/kernels.md).
/// </summary>
internal static class PointwiseConvolution
{
    /// <summary>The output.</summary>
    /// <param name="x">[N, H, W, I].</param>
    /// <param name="weight">[O, I, 1, 1].</param>
    /// <returns>[N, H, W, O].</returns>
    public static Tensor Forward(Tensor x, Tensor weight)
    {
        using Tensor fixedWeight = weight.detach();
        return Convolve(x, fixedWeight);
    }

    /// <summary>The gradient of the input: a convolution with the transposed weights.</summary>
    /// <param name="gradient">[N, H, W, O].</param>
    /// <param name="weight">[O, I, 1, 1].</param>
    /// <returns>[N, H, W, I].</returns>
    public static Tensor InputGradient(Tensor gradient, Tensor weight)
    {
        using Tensor fixedWeight = weight.detach();
        using Tensor transposed = fixedWeight.transpose(0, 1);
        using Tensor packed = transposed.contiguous();
        return Convolve(gradient, packed);
    }

    /// <summary>Adds the gradient of the weights.</summary>
    /// <param name="gradient">[N, H, W, O].</param>
    /// <param name="x">[N, H, W, I].</param>
    /// <param name="sum">[O, I].</param>
    public static void AddWeightGradient(Tensor gradient, Tensor x, Tensor sum)
    {
        using Tensor flat = gradient.view(-1, sum.shape[0]);
        using Tensor transposed = flat.t();
        using Tensor input = x.view(flat.shape[0], sum.shape[1]);
        sum.addmm_(transposed, input);
    }

    private static Tensor Convolve(Tensor pixelsFirst, Tensor weight)
    {
        using Tensor image = pixelsFirst.permute(0, 3, 1, 2);
        using Tensor result = nn.functional.conv2d(image, weight);
        return TensorMemory.PixelsFirst(result);
    }
}
