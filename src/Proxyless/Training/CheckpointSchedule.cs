namespace Proxyless.Training;

/// <summary>
/// When a checkpoint is worth its time: every five minutes within an epoch, and at an epoch's end unless the last one is less than half a
/// minute old, for epochs of few images end every second.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class CheckpointSchedule(TimeProvider time)
{
    private static readonly TimeSpan WithinEpoch = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BetweenEpochs = TimeSpan.FromSeconds(30);
    private long _last = time.GetTimestamp();

    /// <summary>Whether a checkpoint is due.</summary>
    /// <param name="atEpochEnd">Whether an epoch has just ended.</param>
    public bool IsDue(bool atEpochEnd) => time.GetElapsedTime(_last) > (atEpochEnd ? BetweenEpochs : WithinEpoch);

    /// <summary>A checkpoint was written.</summary>
    public void Saved() => _last = time.GetTimestamp();
}
