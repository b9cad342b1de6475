namespace Proxyless.Search;

/// <summary>How costs enter the objective of the architecture parameters.</summary>
public enum ObjectiveKind
{
    /// <summary>
    /// Minimizes cross entropy subject to E[cost] within its limit; the multiplier is found by dual ascent.
    /// </summary>
    Budget,

    /// <summary>
    /// Minimizes cross entropy with E[cost] held at its limit: after every step the probabilities are projected back to
    /// it (<see cref="LimitProjection"/>), so that the whole limit is used and there is no multiplier. Several limits
    /// are upper bounds only.
    /// </summary>
    Equality,

    /// <summary>CE + lambda (E/T - 1) with a fixed lambda (ProxylessNAS, equation 3).</summary>
    Linear,

    /// <summary>
    /// alpha CE (log E / log T)^beta, the form of the published code. That code uses milliseconds; here it is
    /// microseconds, so that logarithms are positive under 1 ms too: their beta corresponds to ln(1000 T) / ln(T) times
    /// that value here.
    /// </summary>
    Log,
}
