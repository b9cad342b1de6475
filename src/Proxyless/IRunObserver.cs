namespace Proxyless;

/// <summary>How far a long job is.</summary>
/// <param name="Stage">What is being done: <c>profile</c>, <c>search</c>, <c>train</c>.</param>
/// <param name="Done">Units of work behind.</param>
/// <param name="Total">Units of work in all; null where nobody knows.</param>
/// <param name="Remaining">Time left, where it can be told.</param>
/// <param name="Detail">The figures of the moment: loss, accuracy, expected latency.</param>
public sealed record RunProgress(string Stage, long Done, long? Total, TimeSpan? Remaining, string Detail);

/// <summary>Receives what a long job reports. Called from the job's own thread.</summary>
public interface IRunObserver
{
    /// <summary>The least time between two reports of progress; the last one of a job always comes.</summary>
    TimeSpan ProgressInterval => TimeSpan.FromSeconds(0.25);

    /// <summary>The job has come a step further.</summary>
    void Progress(RunProgress progress);

    /// <summary>A line worth keeping.</summary>
    void Message(string text);

    /// <summary>Something the user should know before hours are spent.</summary>
    void Warning(string text);

    /// <summary>
    /// A warning in the words in which the run's files keep it, its report among them. Unless an observer shows the
    /// library's texts in words of its own, they are kept as they are.
    /// </summary>
    /// <param name="text">What <see cref="Warning"/> was called with.</param>
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
