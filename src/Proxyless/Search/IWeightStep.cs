using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>One step of the weights of a super-network.</summary>
internal interface IWeightStep
{
    /// <summary>Updates the weights.</summary>
    /// <param name="images">[N, C, H, W], normalized; not disposed of.</param>
    /// <param name="labels">[N], int64; not disposed of.</param>
    /// <param name="step">The step, from 0.</param>
    /// <param name="random">Draws paths.</param>
    /// <param name="rate">Learning rate of this step.</param>
    /// <returns>The drawn path's loss by the labels and its top-1 on the batch, before the step.</returns>
    /// <exception cref="Training.TrainingDivergedException">A loss is infinite or NaN.</exception>
    (double Loss, double Top1) Run(Tensor images, Tensor labels, long step, Random random, double rate);

    /// <summary>Is told that candidates were pruned; no path may take them from now on.</summary>
    void Forget();
}
