using Proxyless.Data;

namespace Proxyless.Runs;

/// <summary>The properties of the images that the defaults of a run depend on.</summary>
/// <param name="NativeResolution">The common side of all images in pixels; 0 if they differ.</param>
/// <param name="Channels">1 for gray, 3 for color.</param>
internal sealed record ImageFacts(int NativeResolution, int Channels)
{
    // Images up to this side (CIFAR's 32, the 64 of Tiny ImageNet) show one object from edge to edge: a random part of
    // one would miss it, so they are padded and cropped, and many of them fit into a step.
    private const int LargestSmallImage = 64;

    /// <summary>Whether the images are augmented as small ones, by padding and cropping.</summary>
    public bool AreSmall => IsSmall(NativeResolution);

    /// <summary>Returns the properties of a dataset.</summary>
    /// <param name="images">The images.</param>
    public static ImageFacts Of(ImageDataset images) => new(images.NativeResolution, images.Channels);

    /// <summary>Whether a side is that of small images.</summary>
    /// <param name="side">In pixels; 0 for images of several sizes.</param>
    public static bool IsSmall(int side) => side is > 0 and <= LargestSmallImage;
}
