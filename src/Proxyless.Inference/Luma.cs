namespace Proxyless.Inference;

/// <summary>Brightness of a color (ITU-R BT.601), the gray of nearly every image library.</summary>
internal static class Luma
{
    public const float Red = 0.299f;
    public const float Green = 0.587f;
    public const float Blue = 0.114f;

    /// <summary>The nearest byte, in 16-bit fixed point; equal channels give their own value.</summary>
    public static byte Of(int red, int green, int blue) =>
        (byte)((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
}
