namespace Proxyless.Agent;

/// <summary>The limits of a client's requests.</summary>
/// <param name="ModelBytes">The largest model.</param>
/// <param name="MeasureTime">Time after which a measurement is ended in any case.</param>
/// <param name="Waiting">Clients that may wait for their turn.</param>
/// <param name="PieceTime">Time for the next piece of a model to arrive.</param>
internal sealed record AgentLimits(long ModelBytes, TimeSpan MeasureTime, int Waiting, TimeSpan PieceTime)
{
    /// <summary>The largest message: a piece of a model.</summary>
    public const int MessageBytes = 1 << 20;

    /// <summary>
    /// The lowest rate at which a client must send: its turn is over if the model has not arrived by then.
    /// </summary>
    public const double LeastBytesPerSecond = 50_000;

    // Time to end a measuring process and to record its end.
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest time from a client's header to its answer: all that may wait are before it, and each uses its whole
    /// turn. A turn is the largest model at <see cref="LeastBytesPerSecond"/> (the last piece may be late by
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

    /// <summary>Connections at a time; the server rejects more.</summary>
    public const int Connections = 100;
}
