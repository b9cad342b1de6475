using System.Globalization;

namespace Proxyless;

/// <summary>
/// Latencies in messages: three digits after the point, and for short ones as many as leave three that count.
/// </summary>
internal static class MillisecondText
{
    private const int UsualDecimals = 3;
    private const int MostDecimals = 15;

    /// <summary>A latency, such as 12.300 or 0.0220.</summary>
    public static string Of(double milliseconds) =>
        milliseconds.ToString(Invariant($"F{Decimals(milliseconds)}"), CultureInfo.InvariantCulture);

    /// <summary>A difference of latencies with its sign, such as +12.300 or -0.0220.</summary>
    public static string Change(double milliseconds) =>
        (
            milliseconds > 0 ? "+"
            : milliseconds < 0 ? "-"
            : ""
        ) + Of(Math.Abs(milliseconds));

    /// <summary>A latency without zeros at its end, such as 12.3 or 0.022.</summary>
    public static string Short(double milliseconds) =>
        milliseconds.ToString($"0.{new string('#', Decimals(milliseconds))}", CultureInfo.InvariantCulture);

    /// <summary>A latency rounded up, so that it is allowed by the limit that is read there.</summary>
    public static string AtLeast(double milliseconds)
    {
        int decimals = Decimals(milliseconds);
        double nearest = Math.Round(milliseconds, decimals);
        return Short(SumLimit.Allows(nearest, milliseconds) ? nearest : nearest + Math.Pow(10, -decimals));
    }

    /// <summary>A latency as a share of its limit, such as 98 %, or 100.1 % of one that is over it.</summary>
    public static string ShareOf(double milliseconds, double limit)
    {
        double share = milliseconds / limit;
        return SumLimit.Allows(limit, milliseconds)
            ? Invariant($"{share:P0}")
            : Invariant($"{Math.Ceiling(1000 * share) / 1000:P1}");
    }

    private static int Decimals(double milliseconds) =>
        milliseconds > 0
            ? (int)Math.Clamp(UsualDecimals - 1 - Math.Floor(Math.Log10(milliseconds)), UsualDecimals, MostDecimals)
            : UsualDecimals;
}
