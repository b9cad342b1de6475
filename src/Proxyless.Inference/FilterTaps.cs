namespace Proxyless.Inference;

/// <summary>Which source pixels along one side make up each output pixel, and with which weights.</summary>
internal sealed class FilterTaps
{
    private readonly float[] _weights;
    private readonly int _stride;

    private FilterTaps(int[] first, int[] count, float[] weights, int stride)
    {
        First = first;
        Count = count;
        _weights = weights;
        _stride = stride;
    }

    /// <summary>First source pixel of each output pixel; never decreases.</summary>
    public int[] First { get; }

    /// <summary>Number of source pixels of each output pixel, at least 1.</summary>
    public int[] Count { get; }

    /// <summary>Weight of a source pixel; those of one output pixel add up to 1.</summary>
    public float Weight(int output, int tap) => _weights[output * _stride + tap];

    /// <summary>
    /// Returns the source pixels that <see cref="Create"/> will use, and up to half an output pixel's extent more on
    /// either side.
    /// </summary>
    /// <param name="start">Start of the part, in source pixels.</param>
    /// <param name="length">Length of the part, in source pixels.</param>
    /// <param name="sourceLength">Number of source pixels.</param>
    /// <param name="outputLength">Number of output pixels.</param>
    /// <returns>The first, and their number.</returns>
    public static (int First, int Count) Extent(double start, double length, int sourceLength, int outputLength)
    {
        double support = Math.Max(length / outputLength, 1);
        int first = Math.Clamp((int)Math.Floor(start - support), 0, sourceLength - 1);
        int end = Math.Clamp((int)Math.Ceiling(start + length + support), first + 1, sourceLength);
        return (first, end - first);
    }

    /// <summary>
    /// Creates a triangle over one output pixel's extent on either side, or a cubic over two, never narrower than those
    /// of a source pixel.
    /// </summary>
    /// <param name="start">Start of the part, in source pixels.</param>
    /// <param name="length">Length of the part, in source pixels.</param>
    /// <param name="sourceLength">Number of source pixels.</param>
    /// <param name="outputLength">Number of output pixels.</param>
    /// <param name="filter">How pixels are weighted.</param>
    public static FilterTaps Create(
        double start,
        double length,
        int sourceLength,
        int outputLength,
        ImageFilter filter = ImageFilter.Triangle
    )
    {
        double scale = length / outputLength;
        double extent = Math.Max(scale, 1);
        double support = filter == ImageFilter.Bicubic ? 2 * extent : extent;
        int stride = (int)Math.Ceiling(support) * 2 + 1;
        var first = new int[outputLength];
        var count = new int[outputLength];
        var weights = new float[outputLength * stride];
        for (int i = 0; i < outputLength; i++)
        {
            double center = start + (i + 0.5) * scale;
            int low = Math.Clamp((int)Math.Floor(center - support + 0.5), 0, sourceLength - 1);
            int high = Math.Clamp((int)Math.Floor(center + support + 0.5), low + 1, sourceLength);
            first[i] = low;
            count[i] = high - low;
            Span<float> mine = weights.AsSpan(i * stride, high - low);
            float sum = 0;
            for (int tap = 0; tap < mine.Length; tap++)
            {
                mine[tap] = (float)Weight(filter, Math.Abs(low + tap + 0.5 - center) / extent);
                sum += mine[tap];
            }

            for (int tap = 0; tap < mine.Length; tap++)
            {
                mine[tap] /= sum;
            }
        }

        return new FilterTaps(first, count, weights, stride);
    }

    /// <summary>The filter at a distance, in output pixels, or in source pixels if those are wider.</summary>
    private static double Weight(ImageFilter filter, double distance)
    {
        const double A = -0.5;
        if (filter == ImageFilter.Triangle)
        {
            return Math.Max(0, 1 - distance);
        }

        return distance switch
        {
            < 1 => ((((A + 2) * distance) - (A + 3)) * distance * distance) + 1,
            < 2 => (((((distance - 5) * distance) + 8) * distance) - 4) * A,
            _ => 0,
        };
    }
}
