namespace Proxyless.Data;

/// <summary>Turns pixels as the camera stored them the way up that EXIF tag 0x0112 says.</summary>
internal static class ExifOrientation
{
    /// <summary>The upright image.</summary>
    /// <param name="pixels">[height, width, channels] as stored.</param>
    /// <param name="width">Stored width.</param>
    /// <param name="height">Stored height.</param>
    /// <param name="channels">Bytes a pixel.</param>
    /// <param name="orientation">
    /// Where the stored first row and first column belong: 1 top left, 2 top right, 3 bottom right, 4 bottom left,
    /// 5 left top, 6 right top, 7 right bottom, 8 left bottom.
    /// </param>
    public static DecodedImage Upright(byte[] pixels, int width, int height, int channels, int orientation)
    {
        if (orientation is <= 1 or > 8)
        {
            return new DecodedImage(width, height, channels, pixels);
        }

        bool swapped = orientation >= 5;
        int uprightWidth = swapped ? height : width;
        int uprightHeight = swapped ? width : height;
        byte[] upright = GC.AllocateUninitializedArray<byte>(pixels.Length);
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
                    _ => (width - 1 - y, x),
                };
                pixels.AsSpan((row * width + column) * channels, channels).CopyTo(upright.AsSpan(to));
                to += channels;
            }
        }

        return new DecodedImage(uprightWidth, uprightHeight, channels, upright);
    }
}
