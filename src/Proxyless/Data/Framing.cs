namespace Proxyless.Data;

/// <summary>How an image becomes a square.</summary>
internal enum Framing
{
    /// <summary>
    /// A random part of random size and aspect ratio, scaled to the square: for training on photographs.
    /// </summary>
    RandomResizedCrop,

    /// <summary>
    /// The image with a black border, cropped to a square at a random place: for training on small images.
    /// </summary>
    PadAndCrop,

    /// <summary>By the recipe of the model: for evaluation.</summary>
    Recipe,
}
