namespace Proxyless.Data;

/// <summary>All images of one split as the user keeps them. Sets are lists of indices into a source.</summary>
internal abstract class ImageSource
{
    /// <summary>Number of images, unreadable ones among them.</summary>
    public abstract int Count { get; }

    /// <summary>Class of an image.</summary>
    public abstract int Label(int index);

    /// <summary>What messages call an image.</summary>
    public abstract string Name(int index);

    /// <summary>Bytes of an image as stored; images of different length differ.</summary>
    public abstract long Length(int index);

    /// <summary>The bytes of an image as stored.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read.</exception>
    public abstract byte[] Read(int index);

    /// <summary>Decodes and transforms one image.</summary>
    /// <param name="index">The image.</param>
    /// <param name="transforms">What is done to it.</param>
    /// <param name="random">The image's stream.</param>
    /// <param name="destination">[resolution, resolution, channels], normalised.</param>
    /// <exception cref="InvalidInputException">The image cannot be read.</exception>
    public abstract void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination);

    /// <summary>Tells a file that cannot be read from a folder that is gone: a disk that was taken out, a share that is offline.</summary>
    /// <param name="index">An image that cannot be read.</param>
    /// <exception cref="DirectoryNotFoundException">The folder it was in is not there any more.</exception>
    public virtual void RequireFolder(int index)
    {
    }
}
