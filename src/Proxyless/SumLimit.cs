namespace Proxyless;

/// <summary>
/// A limit of sums, such as of latencies: sums are over it by rounding if they are made in another order.
/// </summary>
internal static class SumLimit
{
    private const double Tolerance = 1e-12;

    /// <summary>The highest sum that a limit allows.</summary>
    public static double Of(double limit) => limit + (Math.Abs(limit) * Tolerance);

    /// <summary>Whether a limit allows a sum.</summary>
    public static bool Allows(double limit, double sum) => sum <= Of(limit);
}
