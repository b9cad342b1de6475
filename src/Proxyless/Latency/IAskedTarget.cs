namespace Proxyless.Latency;

/// <summary>A target that must be asked what it is, which may take long.</summary>
internal interface IAskedTarget
{
    /// <summary>
    /// Asks, unless the answer is known. Afterwards its identity is, without a wait that nothing can stop.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting for the answer.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">The target rejects the client.</exception>
    void Ask(CancellationToken cancellationToken);
}
