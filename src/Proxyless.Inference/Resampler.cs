using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Proxyless.Inference;

/// <summary>
/// Scales a part of an image with a filter as wide as the reduction, as Pillow and torchvision do. Training draws the
/// part; evaluation and deployment take part and filter from the <see cref="PreprocessingRecipe"/>.
/// </summary>
internal static class Resampler
{
    /// <summary>Resamples <paramref name="region"/> to a square.</summary>
    /// <param name="pixels">[height, width, bytesPerPixel].</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="bytesPerPixel">1 for gray, 3 for color, 4 for color and an ignored byte.</param>
    /// <param name="region">The part to take, within the image.</param>
    /// <param name="side">Side of the result.</param>
    /// <param name="destination">[side, side, 1 or 3], in the 0 to 255 of the source.</param>
    /// <param name="filter">How pixels are weighted.</param>
    public static void Resample(
        ReadOnlySpan<byte> pixels,
        int width,
        int height,
        int bytesPerPixel,
        Region region,
        int side,
        Span<float> destination,
        ImageFilter filter = ImageFilter.Triangle
    ) => Resample(pixels, width, height, bytesPerPixel, region, side, side, destination, filter);

    /// <summary>Resamples <paramref name="region"/> to any size.</summary>
    /// <param name="pixels">[height, width, bytesPerPixel].</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="bytesPerPixel">1 for gray, 3 for color, 4 for color and an ignored byte.</param>
    /// <param name="region">The part to take, within the image.</param>
    /// <param name="newWidth">Pixels in a row of the result.</param>
    /// <param name="newHeight">Rows of the result.</param>
    /// <param name="destination">[newHeight, newWidth, 1 or 3], in the 0 to 255 of the source.</param>
    /// <param name="filter">How pixels are weighted.</param>
    public static void Resample(
        ReadOnlySpan<byte> pixels,
        int width,
        int height,
        int bytesPerPixel,
        Region region,
        int newWidth,
        int newHeight,
        Span<float> destination,
        ImageFilter filter
    )
    {
        var columns = FilterTaps.Create(region.X, region.Width, width, newWidth, filter);
        var rows = FilterTaps.Create(region.Y, region.Height, height, newHeight, filter);
        int firstColumn = columns.First[0];
        int columnCount = columns.First[newWidth - 1] + columns.Count[newWidth - 1] - firstColumn;
        int rowLength = columnCount * bytesPerPixel;
        int channels = Math.Min(bytesPerPixel, 3);

        // One lane past the end: a color pixel is read as four floats.
        float[] line = ArrayPool<float>.Shared.Rent(rowLength + 1);
        try
        {
            Span<float> lineSpan = line.AsSpan(0, rowLength + 1);
            for (int y = 0; y < newHeight; y++)
            {
                lineSpan.Clear();
                for (int tap = 0; tap < rows.Count[y]; tap++)
                {
                    int offset = ((rows.First[y] + tap) * width + firstColumn) * bytesPerPixel;
                    AddScaled(pixels.Slice(offset, rowLength), rows.Weight(y, tap), lineSpan);
                }

                Span<float> output = destination.Slice(y * newWidth * channels, newWidth * channels);
                if (channels == 3)
                {
                    FilterColor(lineSpan, columns, firstColumn, bytesPerPixel, output);
                }
                else
                {
                    FilterGray(lineSpan, columns, firstColumn, output);
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(line);
        }
    }

    private static void AddScaled(ReadOnlySpan<byte> source, float weight, Span<float> sum)
    {
        int i = 0;
        int lanes = Vector<float>.Count;
        var weights = new Vector<float>(weight);
        ref float target = ref MemoryMarshal.GetReference(sum);
        for (; i <= source.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector.Widen(new Vector<byte>(source[i..]), out Vector<ushort> low, out Vector<ushort> high);
            Vector.Widen(low, out Vector<uint> first, out Vector<uint> second);
            Vector.Widen(high, out Vector<uint> third, out Vector<uint> fourth);
            Accumulate(first, weights, ref target, (nuint)i);
            Accumulate(second, weights, ref target, (nuint)(i + lanes));
            Accumulate(third, weights, ref target, (nuint)(i + 2 * lanes));
            Accumulate(fourth, weights, ref target, (nuint)(i + 3 * lanes));
        }

        for (; i < source.Length; i++)
        {
            sum[i] += source[i] * weight;
        }
    }

    private static void Accumulate(Vector<uint> values, Vector<float> weights, ref float target, nuint offset)
    {
        Vector<float> sum = Vector.LoadUnsafe(ref target, offset);
        Vector<float> converted = Vector.ConvertToSingle(Vector.AsVectorInt32(values));
        (sum + converted * weights).StoreUnsafe(ref target, offset);
    }

    private static void FilterColor(
        ReadOnlySpan<float> line,
        FilterTaps columns,
        int firstColumn,
        int stride,
        Span<float> output
    )
    {
        ref float source = ref MemoryMarshal.GetReference(line);
        for (int x = 0; x < columns.Count.Length; x++)
        {
            int start = (columns.First[x] - firstColumn) * stride;
            Vector128<float> sum = Vector128<float>.Zero;
            for (int tap = 0; tap < columns.Count[x]; tap++)
            {
                sum += Vector128.LoadUnsafe(ref source, (nuint)(start + tap * stride)) * columns.Weight(x, tap);
            }

            // The fourth lane goes where the next pixel will be written.
            if (x < columns.Count.Length - 1)
            {
                sum.CopyTo(output[(3 * x)..]);
                continue;
            }

            output[3 * x] = sum[0];
            output[3 * x + 1] = sum[1];
            output[3 * x + 2] = sum[2];
        }
    }

    private static void FilterGray(ReadOnlySpan<float> line, FilterTaps columns, int firstColumn, Span<float> output)
    {
        for (int x = 0; x < output.Length; x++)
        {
            int start = columns.First[x] - firstColumn;
            float sum = 0;
            for (int tap = 0; tap < columns.Count[x]; tap++)
            {
                sum += line[start + tap] * columns.Weight(x, tap);
            }

            output[x] = sum;
        }
    }
}
