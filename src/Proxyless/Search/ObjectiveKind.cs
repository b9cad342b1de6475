namespace Proxyless.Search;

/// <summary>How costs enter the objective of the architecture parameters.</summary>
public enum ObjectiveKind
{
    /// <summary>
    /// Minimise cross entropy subject to E[cost] within its limit; the multiplier is found by dual ascent.
    /// </summary>
    Budget,

    /// <summary>
    /// Minimise cross entropy with E[cost] held at its limit: after every step the odds are projected back to it
    /// (<see cref="LimitProjection"/>), so that all of the limit is used and there is no multiplier. Several limits are
    /// kept from above alone.
    /// </summary>
    Equality,

    /// <summary>CE + lambda (E/T - 1) with a fixed lambda (ProxylessNAS, equation 3).</summary>
    Linear,

    /// <summary>
    /// alpha CE (log E / log T)^beta, the form of the published code. It takes milliseconds; microseconds here, so that
    /// logarithms are positive under 1 ms too: a beta of theirs is one of ln(1000 T) / ln(T) times as much here.
    /// </summary>
    Log,
}
