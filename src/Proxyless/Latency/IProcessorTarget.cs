namespace Proxyless.Latency;

/// <summary>A target that knows its processor.</summary>
internal interface IProcessorTarget
{
    /// <summary>
    /// Whether the sum of two products of 8-bit integers saturates at 16 bits; null if the target does not say.
    /// </summary>
    /// <exception cref="TargetUnavailableException">The target must be asked and cannot be reached.</exception>
    bool? SaturatesIntegers { get; }
}
