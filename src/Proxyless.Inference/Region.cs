namespace Proxyless.Inference;

/// <summary>A part of an image, in pixels from its upper left corner, with fractions.</summary>
internal readonly record struct Region(double X, double Y, double Width, double Height)
{
    /// <summary>Returns the same part of the image at another size.</summary>
    public Region Scale(double horizontal, double vertical) =>
        new(X * horizontal, Y * vertical, Width * horizontal, Height * vertical);

    /// <summary>Returns the same part relative to another corner.</summary>
    public Region RelativeTo(int left, int top) => this with { X = X - left, Y = Y - top };

    /// <summary>Returns the centered square whose side is a share of the shorter side.</summary>
    public static Region Center(int width, int height, double share)
    {
        double side = Math.Min(width, height) * share;
        return new Region((width - side) / 2, (height - side) / 2, side, side);
    }
}
