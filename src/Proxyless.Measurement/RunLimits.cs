namespace Proxyless.Measurement;

/// <summary>The most that one run of a model is given, wherever it is measured.</summary>
internal static class RunLimits
{
    /// <summary>Threads of one run.</summary>
    public const int MostThreads = 1024;

    /// <summary>Images of one run.</summary>
    public const int MostImages = 65536;
}
