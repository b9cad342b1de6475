using System.Buffers;

namespace Proxyless.Data;

/// <summary>
/// Moves the pixels of an image by an affine transform about its middle. What comes from outside is black, as the
/// border of <see cref="Framing.PadAndCrop"/> is; values between pixels are interpolated linearly.
/// </summary>
internal static class ImageWarp
{
    /// <summary>Warps a square in place.</summary>
    /// <param name="square">[side, side, channels].</param>
    /// <param name="side">Pixels in a row.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="source">Where the value of each pixel comes from.</param>
    public static void Apply(Span<float> square, int side, int channels, in Affine source)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(square.Length);
        try
        {
            Span<float> original = rented.AsSpan(0, square.Length);
            square.CopyTo(original);
            double middle = (side - 1) / 2.0;
            for (int y = 0; y < side; y++)
            {
                for (int x = 0; x < side; x++)
                {
                    (double fromX, double fromY) = source.Of(x - middle, y - middle);
                    Interpolate(
                        original,
                        side,
                        channels,
                        fromX + middle,
                        fromY + middle,
                        square.Slice(((y * side) + x) * channels, channels)
                    );
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private static void Interpolate(
        ReadOnlySpan<float> original,
        int side,
        int channels,
        double x,
        double y,
        Span<float> pixel
    )
    {
        int left = (int)Math.Floor(x);
        int top = (int)Math.Floor(y);
        float right = (float)(x - left);
        float below = (float)(y - top);
        pixel.Clear();
        Add(original, side, channels, left, top, (1 - right) * (1 - below), pixel);
        Add(original, side, channels, left + 1, top, right * (1 - below), pixel);
        Add(original, side, channels, left, top + 1, (1 - right) * below, pixel);
        Add(original, side, channels, left + 1, top + 1, right * below, pixel);
    }

    private static void Add(
        ReadOnlySpan<float> original,
        int side,
        int channels,
        int x,
        int y,
        float share,
        Span<float> pixel
    )
    {
        if ((uint)x >= (uint)side || (uint)y >= (uint)side || share == 0)
        {
            return;
        }

        ReadOnlySpan<float> from = original.Slice(((y * side) + x) * channels, channels);
        for (int channel = 0; channel < pixel.Length; channel++)
        {
            pixel[channel] += share * from[channel];
        }
    }

    /// <summary>x' = XX x + XY y + X; y' = YX x + YY y + Y, in pixels from the middle.</summary>
    internal readonly record struct Affine(double XX, double XY, double X, double YX, double YY, double Y)
    {
        /// <summary>The image of a point.</summary>
        public (double X, double Y) Of(double x, double y) => ((XX * x) + (XY * y) + X, (YX * x) + (YY * y) + Y);
    }
}
