namespace Proxyless.Runs;

/// <summary>Images that are all held in memory, as inputs of a network.</summary>
internal static class HeldImages
{
    private const long MostBytes = 1L << 30;

    /// <summary>The most that take a gigabyte: 256 of 590 pixels in color, 85 of 1024.</summary>
    /// <param name="resolution">Side of an input in pixels.</param>
    /// <param name="channels">Channels of an input.</param>
    public static long Most(int resolution, int channels) =>
        MostBytes / (sizeof(float) * (long)channels * resolution * resolution);
}
