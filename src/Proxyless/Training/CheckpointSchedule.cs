namespace Proxyless.Training;

/// <summary>
/// When a checkpoint is worth its time: every five minutes within an epoch, and at an epoch's end unless the last one
/// is less than half a minute old, since epochs of few images end every second.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="interval">
/// Minimum time between two checkpoints within an epoch; null: <see cref="DefaultInterval"/>. A tenth of it at the ends
/// of epochs.
/// </param>
internal sealed class CheckpointSchedule(TimeProvider time, TimeSpan? interval = null)
{
    private const double ShareAtEpochEnd = 0.1;
    private readonly TimeSpan _withinEpoch = interval ?? DefaultInterval;
    private long _last = time.GetTimestamp();

    /// <summary>Five minutes: the most that a crash costs.</summary>
    public static TimeSpan DefaultInterval { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether a checkpoint is due.</summary>
    /// <param name="atEpochEnd">Whether an epoch has just ended.</param>
    public bool IsDue(bool atEpochEnd) =>
        time.GetElapsedTime(_last) > (atEpochEnd ? ShareAtEpochEnd * _withinEpoch : _withinEpoch);

    /// <summary>Records that a checkpoint was written.</summary>
    public void Saved() => _last = time.GetTimestamp();
}
