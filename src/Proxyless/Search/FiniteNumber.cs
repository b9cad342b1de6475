namespace Proxyless.Search;

/// <summary>
/// Refuses numbers that a search must not go on with: every comparison with NaN is false, so that it would not fail.
/// </summary>
internal static class FiniteNumber
{
    /// <summary>The number, where it is one.</summary>
    /// <param name="value">The number.</param>
    /// <param name="what">What it is, for the message; asked only where it is not finite.</param>
    /// <exception cref="NotFiniteNumberException">It is infinite or no number.</exception>
    public static double Require(double value, Func<string> what) =>
        double.IsFinite(value)
            ? value
            : throw new NotFiniteNumberException(Invariant($"{what()} became {value}"), value);
}
