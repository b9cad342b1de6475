namespace Proxyless.Data;

/// <summary>How a square is made of an image.</summary>
internal enum Framing
{
    /// <summary>A random part of random size and aspect ratio, scaled to the square: training on photographs.</summary>
    RandomResizedCrop,

    /// <summary>
    /// The image with a black border, and a square at a random place of it: training on small images.
    /// </summary>
    PadAndCrop,

    /// <summary>As the recipe of the model says: evaluation.</summary>
    Recipe,
}
