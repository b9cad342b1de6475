using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>
/// Checks whether libtorch's 1x1 convolutions are correct on this processor: oneDNN's are not on every one
/// (docs/decisions/kernels.md).
/// </summary>
internal static class ConvolutionCheck
{
    private const int Images = 32;
    private const int Side = 7;
    private const int Inputs = 16;

    // Rounding errors of sums of 16 products are below 1e-5 of their value; the wrong ones differ by their full value.
    private const float Tolerance = 1e-3f;

    // Among those found to be wrong: oneDNN computes up to 64 outputs at a time, and the last ones, which are fewer,
    // incorrectly.
    private static readonly int[] Outputs = [40, 72, 80, 104, 1280];

    /// <summary>
    /// Returns the numbers of output channels, of a few tried, for which a channels-last convolution differs from a
    /// matrix product.
    /// </summary>
    public static IReadOnlyList<int> WrongOutputs()
    {
        using var withoutGraph = no_grad();
        using var generator = new Generator(1, CPU);
        using Tensor noise = randn([Images, Inputs, Side, Side], generator: generator);
        using Tensor image = MemoryLayout.ChannelsLast(noise);
        return [.. Outputs.Where(outputs => IsWrong(image, generator, outputs))];
    }

    private static bool IsWrong(Tensor image, Generator generator, int outputs)
    {
        using Tensor weight = randn([outputs, Inputs, 1, 1], generator: generator);
        using Tensor convolved = nn.functional.conv2d(image, weight);
        using Tensor actual = convolved.permute(0, 2, 3, 1);
        using Tensor pixels = image.permute(0, 2, 3, 1);
        using Tensor matrix = weight.view(outputs, Inputs);
        using Tensor transposed = matrix.t();
        using Tensor expected = pixels.matmul(transposed);
        using Tensor difference = actual - expected;
        using Tensor distance = difference.abs();
        using Tensor largest = distance.max();
        return !(largest.item<float>() <= Tolerance);
    }
}
