namespace Proxyless;

/// <summary>A time that is known to lie between two others.</summary>
/// <param name="Least">The shorter one.</param>
/// <param name="Most">The longer one.</param>
public readonly record struct TimeRange(TimeSpan Least, TimeSpan Most);

/// <summary>The progress of a long job.</summary>
/// <param name="Stage">What is being done: <c>profile</c>, <c>search</c>, <c>train</c>.</param>
/// <param name="Done">Units of work done.</param>
/// <param name="Total">Units of work in total; null if unknown.</param>
/// <param name="Remaining">Time left, if it can be estimated.</param>
/// <param name="Detail">The current figures: loss, accuracy, expected latency.</param>
public sealed record RunProgress(string Stage, long Done, long? Total, TimeSpan? Remaining, string Detail)
{
    /// <summary>
    /// The time left at the pace of the fastest and of the slowest quarter of the time so far; null if too little is
    /// known.
    /// </summary>
    public TimeRange? RemainingRange { get; init; }
}

/// <summary>Receives the reports of a long job. Called from the job's own thread.</summary>
public interface IRunObserver
{
    /// <summary>The minimum time between two progress reports; the last report of a job always comes.</summary>
    TimeSpan ProgressInterval => TimeSpan.FromSeconds(0.25);

    /// <summary>Receives a progress report.</summary>
    void Progress(RunProgress progress);

    /// <summary>Receives the figures of an epoch that has ended; by default they are dropped.</summary>
    void EpochEnded(RunEpoch epoch) { }

    /// <summary>Receives a message that is worth keeping.</summary>
    void Message(string text);

    /// <summary>Receives a warning: something the user should know before hours are spent.</summary>
    void Warning(string text);

    /// <summary>
    /// Returns a warning in the words in which the run's files, including its report, keep it. An observer that words
    /// the library's texts differently overrides it; by default the text is kept as it is.
    /// </summary>
    /// <param name="text">The argument of <see cref="Warning"/>.</param>
    string Wording(string text) => text;
}

/// <summary>An observer that drops everything.</summary>
internal sealed class NullRunObserver : IRunObserver
{
    /// <summary>The one instance.</summary>
    public static NullRunObserver Instance { get; } = new();

    /// <inheritdoc/>
    public void Progress(RunProgress progress) { }

    /// <inheritdoc/>
    public void Message(string text) { }

    /// <inheritdoc/>
    public void Warning(string text) { }
}
