namespace Proxyless.Comparisons;

/// <summary>Student's t distribution.</summary>
internal static class StudentDistribution
{
    // Lanczos' approximation of the gamma function, r = 10.900511, n = 10: G. Pugh, An analysis of the Lanczos gamma
    // approximation, 2004.
    private const double Shift = 10.900511;
    private const double LogTwoSqrtEOverPi = 0.6207822376352452223455184457816472122518527279025978;

    // More terms than any of our samples needs: a few dozen networks take a few dozen.
    private const int MostTerms = 50_000;
    private static readonly double Precision = Math.Pow(2, -53);
    private static readonly double Tiny = double.Epsilon / Precision;

    private static readonly double[] Coefficients =
    [
        2.48574089138753565546e-5,
        1.05142378581721974210,
        -3.45687097222016235469,
        4.51227709466894823700,
        -2.98285225323576655721,
        1.05639711577126713077,
        -1.95428773191645869583e-1,
        1.70970543404441224307e-2,
        -5.71926117404305781283e-4,
        4.63399473359905636708e-6,
        -2.71994908488607703910e-9,
    ];

    /// <summary>
    /// The probability of a t at least as far from 0, in either direction: the incomplete beta function at freedom /
    /// (freedom + t²).
    /// </summary>
    /// <param name="t">Any number.</param>
    /// <param name="freedom">Degrees of freedom, over 0.</param>
    /// <returns>0..1.</returns>
    public static double TwoSided(double t, double freedom)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(freedom);
        return RegularizedBeta(freedom / 2, 0.5, freedom / (freedom + (t * t)));
    }

    /// <summary>
    /// The regularized incomplete beta function by its continued fraction: Numerical Recipes, 3rd edition, section 6.4.
    /// </summary>
    private static double RegularizedBeta(double a, double b, double x)
    {
        double front = x is 0 or 1
            ? 0
            : Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1.0 - x)));

        // The fraction converges fast where x is below its mean; otherwise the complement's does.
        bool isSwapped = x >= (a + 1.0) / (a + b + 2.0);
        if (isSwapped)
        {
            x = 1 - x;
            (a, b) = (b, a);
        }

        double share = front * ContinuedFraction(a, b, x) / a;
        return isSwapped ? 1.0 - share : share;
    }

    private static double ContinuedFraction(double a, double b, double x)
    {
        double c = 1;
        double d = 1 / AwayFromZero(1 - ((a + b) * x / (a + 1)));
        double fraction = d;
        for (int m = 1; m <= MostTerms; m++)
        {
            int twice = 2 * m;
            double term = m * (b - m) * x / ((a - 1 + twice) * (a + twice));
            d = 1 / AwayFromZero(1 + (term * d));
            c = AwayFromZero(1 + (term / c));
            fraction *= d * c;
            term = -(a + m) * (a + b + m) * x / ((a + twice) * (a + 1 + twice));
            d = 1 / AwayFromZero(1 + (term * d));
            c = AwayFromZero(1 + (term / c));
            fraction *= d * c;
            if (Math.Abs((d * c) - 1) <= Precision)
            {
                break;
            }
        }

        return fraction;
    }

    private static double AwayFromZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;

    // For arguments of 0.5 and more: half of the degrees of freedom, from one degree on.
    private static double LogGamma(double z)
    {
        double sum = Coefficients[0];
        for (int i = 1; i < Coefficients.Length; i++)
        {
            sum += Coefficients[i] / (z + i - 1.0);
        }

        return Math.Log(sum) + LogTwoSqrtEOverPi + ((z - 0.5) * Math.Log((z - 0.5 + Shift) / Math.E));
    }
}
