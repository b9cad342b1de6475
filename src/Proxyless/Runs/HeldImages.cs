namespace Proxyless.Runs;

/// <summary>Images that are all held in memory, as inputs of a network.</summary>
internal static class HeldImages
{
    /// <summary>The memory that they may take.</summary>
    public const long MostBytes = 1L << 30;

    /// <summary>The most that are held: 256 of 590 pixels in color, 85 of 1024.</summary>
    /// <param name="resolution">Side of an input in pixels.</param>
    /// <param name="channels">Channels of an input.</param>
    public static long Most(int resolution, int channels) =>
        MostBytes / (sizeof(float) * (long)channels * resolution * resolution);
}
