using Proxyless.Inference;

namespace Proxyless.Tests.Inference;

/// <summary>The filters by their definition, slowly.</summary>
internal static class FilterDefinition
{
    /// <summary>
    /// One value from the definition: all pixels, weighted by the filter around the middle of the output pixel.
    /// </summary>
    public static double Value(
        byte[] pixels,
        int width,
        int height,
        int channels,
        Region region,
        int side,
        int i,
        ImageFilter filter
    )
    {
        static double Cubic(double x) =>
            x switch
            {
                < 1 => (1.5 * x * x * x) - (2.5 * x * x) + 1,
                < 2 => (-0.5 * x * x * x) + (2.5 * x * x) - (4 * x) + 2,
                _ => 0,
            };
        double Weight(double distance, double scale) =>
            filter == ImageFilter.Bicubic
                ? Cubic(Math.Abs(distance) / Math.Max(scale, 1))
                : Math.Max(0, 1 - (Math.Abs(distance) / Math.Max(scale, 1)));
        int channel = i % channels;
        double scaleX = region.Width / side;
        double scaleY = region.Height / side;
        double centerX = region.X + (((i / channels % side) + 0.5) * scaleX);
        double centerY = region.Y + (((i / channels / side) + 0.5) * scaleY);
        double sum = 0;
        double total = 0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double weight = Weight(x + 0.5 - centerX, scaleX) * Weight(y + 0.5 - centerY, scaleY);
                sum += weight * pixels[(((y * width) + x) * channels) + channel];
                total += weight;
            }
        }

        return sum / total;
    }
}
