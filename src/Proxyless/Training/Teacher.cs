using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// A trained network whose answers a smaller one learns in place of the labels (knowledge distillation at temperature
/// 1: Hinton, Vinyals, Dean, arXiv 1503.02531). It answers the same augmented images that the other one gets (Beyer et
/// al., arXiv 2106.05237).
/// </summary>
/// <param name="network">The network, for images of the same size; not disposed of.</param>
internal sealed class Teacher(CompactNetwork network)
{
    /// <summary>The network.</summary>
    public CompactNetwork Network => network;

    /// <summary>Returns the probabilities of the classes.</summary>
    /// <param name="images">[N, channels, side, side].</param>
    /// <returns>[N, classes], without graph.</returns>
    public Tensor AnswersTo(Tensor images)
    {
        using var withoutGraph = no_grad();
        using Tensor logits = network.Forward(images, NormPass.Evaluation);
        return logits.softmax(1);
    }
}
