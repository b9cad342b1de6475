namespace Proxyless.Measurement;

/// <summary>The upper limits of one run of a model, on every target.</summary>
internal static class RunLimits
{
    /// <summary>Threads per run.</summary>
    public const int MostThreads = 1024;

    /// <summary>Images per run.</summary>
    public const int MostImages = 65536;
}
