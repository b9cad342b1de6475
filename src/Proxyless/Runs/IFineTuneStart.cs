using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>What a fine-tuning begins with: networks with pretrained weights.</summary>
internal interface IFineTuneStart
{
    /// <summary>The context of training, at the resolution of <see cref="Whole"/>.</summary>
    RunContext Context { get; }

    /// <summary>The network that the weights are of.</summary>
    CompactNetwork Whole { get; }

    /// <summary>
    /// Whether the whole network teaches a smaller one that is found (<see cref="TeacherStage"/>).
    /// </summary>
    bool HasTeacher { get; }

    /// <summary>
    /// The time of a training step of the networks that are found, over that of <see cref="Whole"/>: about 0 to 1.
    /// </summary>
    double ShareOfWork { get; }

    /// <summary>Returns the network to begin with.</summary>
    /// <param name="images">The images.</param>
    /// <param name="among">Those that may be learned from, by their numbers.</param>
    /// <param name="blocks">
    /// How many of the blocks of <see cref="Whole"/> are needed at most; one more stands for its last convolution.
    /// </param>
    /// <returns>
    /// The network, which stays valid until it is given back, or as long as this; the context of its training; and the
    /// number of its blocks after which the requested features are.
    /// </returns>
    (RunContext Context, CompactNetwork Network, int Depth) Of(ImageSet images, IReadOnlyList<int> among, int blocks);

    /// <summary>Whether images had a part in a network's weights.</summary>
    /// <param name="network">From <see cref="Of"/>.</param>
    bool IsFitted(CompactNetwork network);

    /// <summary>Makes a network anew, from other images: what the cross-validation of a fitted network needs.</summary>
    /// <param name="network">From <see cref="Of"/>.</param>
    /// <param name="images">The images.</param>
    /// <param name="among">Those that may be learned from, by their numbers.</param>
    /// <returns>
    /// A network of the same architecture, which the receiver disposes of; null if no image had a part in the weights
    /// of the given one.
    /// </returns>
    CompactNetwork? Refitted(CompactNetwork network, ImageSet images, IReadOnlyList<int> among);

    /// <summary>Gives back a network that is no longer used, so that its memory is free.</summary>
    /// <param name="network">From <see cref="Of"/>.</param>
    void Return(CompactNetwork network);
}
