namespace Proxyless.Search;

/// <summary>How costs enter the objective of the architecture parameters.</summary>
public enum ObjectiveKind
{
    /// <summary>Minimise cross entropy subject to E[cost] within its limit; the multiplier is found by dual ascent.</summary>
    Budget,

    /// <summary>
    /// Minimise cross entropy subject to E[cost] at its limit: as the budget, with a multiplier of either sign, so that what the
    /// limit leaves is used as well (the absolute reward of TuNAS, arXiv 2008.06120, section 3.2, as a constraint).
    /// </summary>
    Equality,

    /// <summary>CE + lambda (E/T - 1) with a fixed lambda (ProxylessNAS, equation 3).</summary>
    Linear,

    /// <summary>alpha CE (log E / log T)^beta, latency in microseconds, as the published code.</summary>
    Log,
}
