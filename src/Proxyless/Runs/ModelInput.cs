using Proxyless.Data;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>Batches in the form that an exported model takes.</summary>
internal static class ModelInput
{
    /// <summary>The values of a batch [N, C, H, W], row-major.</summary>
    public static float[] Of(Batch batch)
    {
        using Tensor packed = batch.Images.contiguous();
        return packed.data<float>().ToArray();
    }
}
