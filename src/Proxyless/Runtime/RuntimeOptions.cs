namespace Proxyless.Runtime;

/// <summary>
/// What <see cref="ProxylessRuntime.Configure"/> changes in the process. Every effect is on by default: the command
/// line runs this way, and its speed was measured this way.
/// </summary>
public sealed record RuntimeOptions
{
    /// <summary>
    /// Keeps freed memory in the process: true. On Linux with glibc it sets <c>M_MMAP_MAX</c>, <c>M_TRIM_THRESHOLD</c>
    /// and <c>M_TOP_PAD</c> (<c>mallopt</c>) for all native memory of the process, which then holds its peak until it
    /// ends. Training is several times faster with it (bench/README.md). No effect on other systems.
    /// </summary>
    public bool KeepFreedMemory { get; init; } = true;

    /// <summary>
    /// Lets libtorch's threads sleep while they wait for each other: true. On Linux it sets
    /// <c>OMP_WAIT_POLICY=passive</c> in the environment that native code sees, unless the variable is set. It affects
    /// a libtorch that is loaded after the call (docs/decisions/threads.md). No effect on other systems.
    /// </summary>
    public bool WaitPassively { get; init; } = true;

    /// <summary>
    /// Loads libtorch on systems with a libstdc++ older than version 13, such as Debian 12: true. If TorchSharp's
    /// native library does not load for this reason, a patched copy of it is kept in the cache
    /// (<c>$PROXYLESS_CACHE</c>, folder <c>native</c>), verified by its hash at each use, and loaded instead; for this,
    /// TorchSharp's assembly gets a resolver of native libraries. No effect on systems that do not need it.
    /// </summary>
    public bool SupportOldLibstdcxx { get; init; } = true;

    /// <summary>
    /// Threads of libtorch and of the kernels of Proxyless in this process: one per processor. Null leaves libtorch's
    /// own number. Set when Proxyless loads libtorch (<see cref="Libtorch.Load"/>), at the latest by the first run.
    /// </summary>
    public int? Threads { get; init; } = Environment.ProcessorCount;
}
