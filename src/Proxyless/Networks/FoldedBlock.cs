using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// An inverted residual block with fixed statistics and without gradients. Its norms are folded into the weights, and
/// nothing separates its convolutions: each thread takes some images through all of them while they are in its cache.
/// All threads share each convolution of a batch that has fewer images than there are threads.
/// </summary>
internal static unsafe class FoldedBlock
{
    // Of what is as wide as the depthwise convolution, for the images that go through the block together.
    private const long Bytes = 1 << 20;

    /// <summary>The block's output.</summary>
    /// <param name="path">The block.</param>
    /// <param name="activation">The activation between its convolutions.</param>
    /// <param name="addsShortcut">Whether the input is added to the output.</param>
    /// <param name="memory">What happens to the output of the expansion.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <returns>[N, C', H / stride, W / stride], channels-last.</returns>
    public static Tensor Of(BlockPath path, Activation activation, bool addsShortcut, ExpansionMemory memory, Tensor x)
    {
        using Tensor input = TensorMemory.PixelsFirst(x);
        DepthwiseShape shape = path.ShapeOf(input);
        using FoldedConvolution? expand = path.Expand is null
            ? null
            : FusedLayerNorm.FoldedConvolution(path.Expand, activation);
        using FoldedDepthwise filter = FusedLayerNorm.FoldedDepthwise(path.Depthwise!, activation);
        using FoldedConvolution project = FusedLayerNorm.FoldedConvolution(path.Project!, null);
        using Tensor output = empty(shape.Images, shape.OutputHeight, shape.OutputWidth, project.Outputs);
        float* from = TensorMemory.Pointer(input);
        float* to = TensorMemory.Pointer(output);
        bool isTiled = TiledExpansion.IsChosen(memory, shape);
        int threads = KernelThreads.Count;
        KernelThreads.For(
            shape.Images,
            shape.Images < threads ? 1 : threads,
            (_, first, end) =>
            {
                DepthwiseShape one = shape with { Images = 1 };
                int most = (int)Math.Clamp(Bytes / sizeof(float) / ((long)one.Pixels * one.Channels), 1, end - first);
                bool isStored = expand is not null && !isTiled;
                using var expanded = new AlignedBuffer(isStored ? (long)most * one.Pixels * one.Channels : 0);
                using var filtered = new AlignedBuffer((long)most * one.OutputPixels * one.Channels);
                for (int image = first; image < end; image += most)
                {
                    DepthwiseShape here = shape with { Images = Math.Min(most, end - image) };
                    float* x = from + ((long)image * one.Pixels * path.Block.InputWidth);
                    if (expand is null)
                    {
                        filter.Run(here, x, filtered.Data);
                    }
                    else if (isTiled)
                    {
                        filter.Run(here, expand.Source(x), filtered.Data);
                    }
                    else
                    {
                        expand.Run(x, here.Pixels, expanded.Data);
                        filter.Run(here, expanded.Data, filtered.Data);
                    }

                    float* result = to + ((long)image * one.OutputPixels * project.Outputs);
                    if (addsShortcut)
                    {
                        long bytes = sizeof(float) * (long)here.Pixels * project.Outputs;
                        Buffer.MemoryCopy(x, result, bytes, bytes);
                        project.Add(filtered.Data, here.OutputPixels, result);
                    }
                    else
                    {
                        project.Run(filtered.Data, here.OutputPixels, result);
                    }
                }
            }
        );
        return output.permute(0, 3, 1, 2);
    }
}
