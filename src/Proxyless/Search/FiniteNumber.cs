namespace Proxyless.Search;

/// <summary>
/// Rejects numbers with which a search must not continue: every comparison with NaN is false, so it would not fail.
/// </summary>
internal static class FiniteNumber
{
    /// <summary>Returns the number if it is finite.</summary>
    /// <param name="value">The number.</param>
    /// <param name="what">Its description, for the message; requested only if it is not finite.</param>
    /// <exception cref="NotFiniteNumberException">It is infinite or NaN.</exception>
    public static double Require(double value, Func<string> what) =>
        double.IsFinite(value)
            ? value
            : throw new NotFiniteNumberException(Invariant($"{what()} became {value}"), value);
}
