namespace Proxyless.Runtime.Kernels;

/// <summary>Memory of a thread that products of matrices use for a moment.</summary>
internal static unsafe class ProductScratch
{
    [ThreadStatic]
    private static AlignedBuffer? _panel;

    /// <summary>Memory of undefined content, valid until the next call on this thread.</summary>
    /// <param name="length">Count of the numbers.</param>
    public static float* Panel(long length)
    {
        _panel ??= new AlignedBuffer();
        _panel.Require(length);
        return _panel.Data;
    }
}
