using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>
/// Channels-last memory. TorchSharp has no argument for it, but strides decide: a permuted view of [N, H, W, C] memory
/// is a channels-last tensor, and convolutions keep the layout of their input and weights.
/// </summary>
internal static class MemoryLayout
{
    /// <summary>Returns a copy of <paramref name="tensor"/> whose channels are adjacent in memory.</summary>
    /// <param name="tensor">[N, C, H, W].</param>
    /// <returns>[N, C, H, W] with the strides of [N, H, W, C]; the caller disposes of it.</returns>
    public static Tensor ChannelsLast(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using Tensor permuted = tensor.permute(0, 2, 3, 1);
        using Tensor packed = permuted.contiguous();
        return packed.permute(0, 3, 1, 2);
    }
}
