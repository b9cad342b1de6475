using SkiaSharp;

namespace Proxyless.Data;

/// <summary>The shapes of the sample pictures, in alphabetical order.</summary>
internal enum SampleShape
{
    Bar,
    Circle,
    Crescent,
    Cross,
    Ring,
    Square,
    Star,
    Triangle,
}

/// <summary>The shapes as paths within the unit circle.</summary>
internal static class SampleOutlines
{
    /// <summary>The outline of a shape, to be filled.</summary>
    public static SKPath Of(SampleShape shape) =>
        shape switch
        {
            SampleShape.Bar => Rectangle(0.98f, 0.2f),
            SampleShape.Circle => Disc(0, 1),
            SampleShape.Crescent => Disc(0, 1).Op(Disc(0.55f, 0.85f), SKPathOp.Difference),
            SampleShape.Cross => Rectangle(0.96f, 0.26f).Op(Rectangle(0.26f, 0.96f), SKPathOp.Union),
            SampleShape.Ring => Disc(0, 1).Op(Disc(0, 0.55f), SKPathOp.Difference),
            SampleShape.Square => Rectangle(0.71f, 0.71f),
            SampleShape.Star => Polygon(10, 0.4f),
            _ => Polygon(6, 0.5f),
        };

    private static SKPath Disc(float x, float radius)
    {
        var path = new SKPath();
        path.AddCircle(x, 0, radius);
        return path;
    }

    private static SKPath Rectangle(float halfWidth, float halfHeight)
    {
        var path = new SKPath();
        path.AddRect(new SKRect(-halfWidth, -halfHeight, halfWidth, halfHeight));
        return path;
    }

    /// <summary>
    /// Corners alternate between the unit circle and a smaller one; three corners with 0.5 between them make a
    /// triangle.
    /// </summary>
    private static SKPath Polygon(int corners, float innerRadius)
    {
        var path = new SKPath();
        for (int i = 0; i < corners; i++)
        {
            double angle = 2 * Math.PI * i / corners;
            double radius = i % 2 == 0 ? 1 : innerRadius;
            var corner = new SKPoint((float)(radius * Math.Cos(angle)), (float)(radius * Math.Sin(angle)));
            if (i == 0)
            {
                path.MoveTo(corner);
            }
            else
            {
                path.LineTo(corner);
            }
        }

        path.Close();
        return path;
    }
}
