using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A 1x1 convolution over memory [N, H, W, C] and its gradients, without graph. Output and input gradient are computed as
/// transposed convolutions, which libtorch gives to oneDNN's backward kernels: its forward kernels are wrong on some processors,
/// and products of matrices, which go to MKL, take half as long again (docs/decisions/kernels.md).
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
        using Tensor transposed = fixedWeight.transpose(0, 1);
        return ConvolveTransposed(x, transposed);
    }

    /// <summary>The gradient of the input.</summary>
    /// <param name="gradient">[N, H, W, O].</param>
    /// <param name="weight">[O, I, 1, 1].</param>
    /// <returns>[N, H, W, I].</returns>
    public static Tensor InputGradient(Tensor gradient, Tensor weight)
    {
        using Tensor fixedWeight = weight.detach();
        return ConvolveTransposed(gradient, fixedWeight);
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

    // Weights [from, to, 1, 1].
    private static Tensor ConvolveTransposed(Tensor pixelsFirst, Tensor weight)
    {
        using Tensor image = pixelsFirst.permute(0, 3, 1, 2);
        using Tensor result = nn.functional.conv_transpose2d(image, weight);
        return TensorMemory.PixelsFirst(result);
    }
}
