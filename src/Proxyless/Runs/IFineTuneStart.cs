using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>What a fine-tuning begins with: a network with pretrained weights, found for the images.</summary>
internal interface IFineTuneStart
{
    /// <summary>Returns the network with all blocks.</summary>
    /// <param name="images">The images.</param>
    /// <param name="among">Those that may be learned from, by their numbers.</param>
    /// <returns>The network, valid until the next call, and the context of its training.</returns>
    (RunContext Context, CompactNetwork Network) Of(ImageSet images, IReadOnlyList<int> among);

    /// <summary>Returns the network of the first blocks, if it is another one than these of the first.</summary>
    /// <param name="images">The images.</param>
    /// <param name="among">Those that may be learned from, by their numbers.</param>
    /// <param name="blocks">How many blocks are kept.</param>
    (RunContext Context, CompactNetwork Network)? OfFirstBlocks(ImageSet images, IReadOnlyList<int> among, int blocks);
}
