using System.Diagnostics;
using Proxyless.Data;

namespace Proxyless.Training;

/// <summary>How fast an epoch was.</summary>
/// <param name="ImagesPerSecond">
/// Training images per second from its first step to its last; null without steps.
/// </param>
/// <param name="Remaining">Time left at the pace so far; null if it is unknown.</param>
internal sealed record EpochPace(double? ImagesPerSecond, TimeSpan? Remaining);

/// <summary>Counts the images of an epoch, from its creation on.</summary>
internal sealed class EpochClock
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _images;

    /// <summary>Counts the images of a step that is done.</summary>
    /// <param name="batch">This process's part of them.</param>
    /// <param name="parts">The number of parts, which are about as large.</param>
    public void Count(Batch batch, int parts)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _images += parts * batch.Labels.shape[0];
    }

    /// <summary>Ends the epoch.</summary>
    /// <param name="remaining">Time left in the stage.</param>
    public EpochPace End(TimeSpan? remaining) =>
        new(_images > 0 ? _images / Stopwatch.GetElapsedTime(_start).TotalSeconds : null, remaining);
}
