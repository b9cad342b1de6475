using System.Globalization;

namespace Proxyless.Reports;

/// <summary>Round numbers that cover a range.</summary>
internal readonly record struct Ticks(double First, double Last, double Step)
{
    /// <summary>Returns steps of 1, 2 or 5 times a power of ten, about <paramref name="count"/> of them.</summary>
    public static Ticks Cover(double least, double most, int count)
    {
        double range = most - least > 1e-9 ? most - least : Math.Max(Math.Abs(most), 1) * 0.1;
        double rough = range / count;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step =
            power
            * (
                (rough / power) switch
                {
                    <= 1 => 1,
                    <= 2 => 2,
                    <= 5 => 5,
                    _ => 10,
                }
            );
        double first = Math.Floor(least / step) * step;
        return new Ticks(first, Math.Max(Math.Ceiling(most / step) * step, first + step), step);
    }

    /// <summary>The ticks, including the first and the last one.</summary>
    public IEnumerable<double> Values
    {
        get
        {
            // Counted, not summed: sums drift.
            for (int i = 0; First + (i * Step) <= Last + (Step / 2); i++)
            {
                yield return First + (i * Step);
            }
        }
    }

    /// <summary>Formats a value with as many decimals as the step needs.</summary>
    // Adding 0.0 turns a zero that rounding left negative into a plain one.
    public string Text(double value) =>
        (Math.Round(value, 10) + 0.0).ToString(
            Step >= 1 ? "0" : "0." + new string('0', (int)Math.Ceiling(-Math.Log10(Step))),
            CultureInfo.InvariantCulture
        );
}
