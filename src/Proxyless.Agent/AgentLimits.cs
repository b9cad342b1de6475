namespace Proxyless.Agent;

/// <summary>What a client may ask of the agent.</summary>
/// <param name="ModelBytes">The largest model.</param>
/// <param name="MeasureTime">After which a measurement is ended, whatever it does.</param>
/// <param name="Waiting">Clients that may wait for their turn.</param>
/// <param name="PieceTime">For the next piece of a model to arrive.</param>
internal sealed record AgentLimits(long ModelBytes, TimeSpan MeasureTime, int Waiting, TimeSpan PieceTime)
{
    /// <summary>The largest message: a piece of a model.</summary>
    public const int MessageBytes = 1 << 20;

    /// <summary>The least that a client must send: its turn is over when the model is not there by then.</summary>
    public const double LeastBytesPerSecond = 50_000;

    // To end a measuring process and to take note of it.
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(30);

    /// <summary>
    /// From a client's header to its answer at the most: all that may wait are before it, and each takes its turn to
    /// the end. A turn is the largest model at <see cref="LeastBytesPerSecond"/> (the last piece may be late by
    /// <see cref="PieceTime"/>), then the measurement.
    /// </summary>
    public TimeSpan LongestWait
    {
        get
        {
            TimeSpan transfer = TimeSpan.FromSeconds(ModelBytes / LeastBytesPerSecond) + (2 * PieceTime);
            return PieceTime + ((Waiting + 1) * (transfer + MeasureTime + Ending));
        }
    }

    /// <summary>Connections at a time; more are turned away by the server.</summary>
    public const int Connections = 100;
}
