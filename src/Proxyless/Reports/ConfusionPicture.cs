using SkiaSharp;

namespace Proxyless.Reports;

/// <summary>
/// The confusions of a model as a PNG without text, for places that show no page: a row for each class, a column for
/// each answer, correct answers blue and confusions orange.
/// </summary>
internal static class ConfusionPicture
{
    private const int Side = 600;
    private const int MostCell = 40;

    // The picture has a pixel for a cell at least.
    private const int MostClasses = 4000;
    private static readonly SKColor Right = new(0x2f, 0x6f, 0xbd);
    private static readonly SKColor Wrong = new(0xc4, 0x62, 0x2d);

    /// <summary>Draws the picture.</summary>
    /// <param name="confusion">Number of images of class i that were classified as class j, at [i][j].</param>
    /// <param name="order">The order of the classes.</param>
    /// <returns>The file; null for too many classes.</returns>
    public static byte[]? TryDraw(IReadOnlyList<int[]> confusion, IReadOnlyList<int> order)
    {
        ArgumentNullException.ThrowIfNull(confusion);
        ArgumentNullException.ThrowIfNull(order);
        if (order.Count is 0 or > MostClasses)
        {
            return null;
        }

        int cell = Math.Clamp(Side / order.Count, 1, MostCell);
        int side = cell * order.Count;
        using var bitmap = new SKBitmap(new SKImageInfo(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint();
        canvas.Clear(SKColors.White);
        for (int row = 0; row < order.Count; row++)
        {
            double images = Math.Max(1, confusion[order[row]].Sum());
            foreach (int column in Enumerable.Range(0, order.Count).Where(i => confusion[order[row]][order[i]] > 0))
            {
                // The root: a confusion of 4 % is to be seen.
                double shade = Math.Sqrt(confusion[order[row]][order[column]] / images);
                paint.Color = (row == column ? Right : Wrong).WithAlpha((byte)Math.Round(byte.MaxValue * shade));
                canvas.DrawRect(column * cell, row * cell, cell, cell, paint);
            }
        }

        canvas.Flush();
        using SKData? encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return encoded?.ToArray();
    }
}
