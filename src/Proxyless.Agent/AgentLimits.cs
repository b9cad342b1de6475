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

    /// <summary>Connections at a time; more are turned away by the server.</summary>
    public const int Connections = 100;
}
