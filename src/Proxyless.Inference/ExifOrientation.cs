namespace Proxyless.Inference;

/// <summary>
/// Turns stored pixels upright by EXIF tag 0x0112. An orientation is the position of the stored first row and first
/// column: 1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left
/// bottom.
/// </summary>
internal static class ExifOrientation
{
    /// <summary>Whether the picture is stored sideways, so that its width is the stored height.</summary>
    public static bool SwapsSides(int orientation) => orientation is >= 5 and <= 8;

    /// <summary>Whether there is anything to turn.</summary>
    public static bool Turns(int orientation) => orientation is >= 2 and <= 8;

    /// <summary>Copies pixels upright.</summary>
    /// <param name="pixels">[height, width, stride] as stored.</param>
    /// <param name="width">Stored width.</param>
    /// <param name="height">Stored height.</param>
    /// <param name="stride">Values per stored pixel.</param>
    /// <param name="channels">Values per pixel that are kept.</param>
    /// <param name="orientation">1 to 8.</param>
    /// <param name="upright">[height, width, channels], or [width, height, channels] if the sides are swapped.</param>
    public static void Turn<T>(
        ReadOnlySpan<T> pixels,
        int width,
        int height,
        int stride,
        int channels,
        int orientation,
        Span<T> upright
    )
    {
        bool swapped = SwapsSides(orientation);
        int uprightWidth = swapped ? height : width;
        int uprightHeight = swapped ? width : height;
        int to = 0;
        for (int y = 0; y < uprightHeight; y++)
        {
            for (int x = 0; x < uprightWidth; x++)
            {
                (int column, int row) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    8 => (width - 1 - y, x),
                    _ => (x, y),
                };
                pixels.Slice(((row * width) + column) * stride, channels).CopyTo(upright[to..]);
                to += channels;
            }
        }
    }

    /// <summary>Converts a part of the upright picture to a part of the stored one.</summary>
    /// <param name="region">The part, upright.</param>
    /// <param name="width">Stored width.</param>
    /// <param name="height">Stored height.</param>
    /// <param name="orientation">1 to 8.</param>
    public static Region Stored(Region region, int width, int height, int orientation)
    {
        double right = width - region.X - region.Width;
        double bottom = height - region.Y - region.Height;
        double rightOfSwapped = width - region.Y - region.Height;
        double bottomOfSwapped = height - region.X - region.Width;
        return orientation switch
        {
            2 => region with { X = right },
            3 => region with { X = right, Y = bottom },
            4 => region with { Y = bottom },
            5 => new Region(region.Y, region.X, region.Height, region.Width),
            6 => new Region(region.Y, bottomOfSwapped, region.Height, region.Width),
            7 => new Region(rightOfSwapped, bottomOfSwapped, region.Height, region.Width),
            8 => new Region(rightOfSwapped, region.X, region.Height, region.Width),
            _ => region,
        };
    }
}
