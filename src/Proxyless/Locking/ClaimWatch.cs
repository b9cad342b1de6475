namespace Proxyless.Locking;

/// <summary>
/// One process's view of the claims of others: how long each has shown no sign of life. Only changes are looked at, so
/// no clock but that of this process matters, neither another host's nor a file server's.
/// </summary>
/// <param name="lease">How long a process may be silent before it has lost its claims.</param>
/// <param name="time">The clock of this process.</param>
internal sealed class ClaimWatch(TimeSpan lease, TimeProvider time)
{
    private readonly Dictionary<string, Sighting> _seen = [];

    /// <summary>How long a process may be silent before its claims are another's.</summary>
    public static TimeSpan DefaultLease { get; } = TimeSpan.FromMinutes(1);

    /// <summary>A view with the usual lease.</summary>
    public static ClaimWatch OfProcess() => new(DefaultLease, TimeProvider.System);

    /// <summary>How often a holder shows life, and the most that counts as silence between two looks.</summary>
    /// <remarks>So a process that was stopped itself does not take all others for dead when it goes on.</remarks>
    public TimeSpan Beat => lease / 6;

    /// <summary>Looks at a claim, and returns whether it has stayed as it is for the lease.</summary>
    /// <param name="claim">The claim's file.</param>
    /// <param name="content">What it holds now.</param>
    public bool IsSilent(string claim, ReadOnlySpan<byte> content)
    {
        long now = time.GetTimestamp();
        if (!_seen.TryGetValue(claim, out Sighting? before) || !content.SequenceEqual(before.Content))
        {
            _seen[claim] = new Sighting(content.ToArray(), now, TimeSpan.Zero);
            return false;
        }

        TimeSpan passed = time.GetElapsedTime(before.At, now);
        TimeSpan silence = before.Silence + (passed < Beat ? passed : Beat);
        _seen[claim] = before with { At = now, Silence = silence };
        return silence >= lease;
    }

    private sealed record Sighting(byte[] Content, long At, TimeSpan Silence);
}
