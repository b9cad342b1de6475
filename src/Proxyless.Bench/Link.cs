namespace Proxyless.Bench;

/// <summary>What connects the processes.</summary>
/// <param name="BytesPerSecond">Bandwidth of each process's link.</param>
/// <param name="LatencySeconds">Time of a message without content.</param>
internal sealed record Link(double BytesPerSecond, double LatencySeconds)
{
    /// <summary>
    /// The time of a sum over all processes: 2 ceil(log2 p) a + 2 (p - 1) / p n b for n bytes, by reduce-scatter and
    /// allgather (Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH, 2005,
    /// section 4.5); the additions themselves are not counted.
    /// </summary>
    /// <param name="ranks">The number of processes p.</param>
    /// <param name="bytes">The bytes n that each has.</param>
    public double SumSeconds(int ranks, double bytes) =>
        (2 * Math.Ceiling(Math.Log2(ranks)) * LatencySeconds) + (2.0 * (ranks - 1) / ranks * bytes / BytesPerSecond);
}
