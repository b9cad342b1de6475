namespace Proxyless.Latency;

/// <summary>
/// Turns a sum over a table into the latency of a whole network: latency = scale * sum + offset. Sums are off in one
/// direction by a few percent, since timing the nodes costs time and since a run costs something besides its nodes.
/// </summary>
/// <param name="Scale">Scale, without unit.</param>
/// <param name="Offset">Offset in milliseconds.</param>
/// <param name="Networks">
/// Number of whole networks, none of them used for the fit, that the error was measured on.
/// </param>
/// <param name="MeanAbsoluteError">The mean of |predicted / measured - 1| over those networks, as a share.</param>
/// <param name="KendallTau">The rank correlation of predicted and measured latency over those networks.</param>
public sealed record LatencyCalibration(
    double Scale,
    double Offset,
    int Networks,
    double MeanAbsoluteError,
    double KendallTau
)
{
    /// <summary>Returns the calibrated latency in milliseconds.</summary>
    /// <param name="sum">The sum over the table in milliseconds.</param>
    public double Apply(double sum) => (Scale * sum) + Offset;

    /// <summary>
    /// Fits scale and offset by least squares on the relative error, sum_i ((scale x_i + offset) / y_i - 1)^2, and
    /// measures the error on other networks. If that scale is 0 or less, the noise of the device is larger than the
    /// differences between the networks, and a slower part would be rewarded: then only the scale is fitted, which is
    /// over 0 since times are, and the offset is 0.
    /// </summary>
    /// <param name="sums">x: sums over the table of the networks to fit.</param>
    /// <param name="measured">y: their measured latencies in milliseconds.</param>
    /// <param name="otherSums">Sums of the networks used to check.</param>
    /// <param name="otherMeasured">Their measured latencies.</param>
    /// <exception cref="ArgumentException">There is nothing to fit or to check, or the lengths differ.</exception>
    public static LatencyCalibration Fit(
        IReadOnlyList<double> sums,
        IReadOnlyList<double> measured,
        IReadOnlyList<double> otherSums,
        IReadOnlyList<double> otherMeasured
    )
    {
        ArgumentNullException.ThrowIfNull(sums);
        ArgumentNullException.ThrowIfNull(measured);
        ArgumentNullException.ThrowIfNull(otherSums);
        ArgumentNullException.ThrowIfNull(otherMeasured);
        if (
            sums.Count == 0
            || otherSums.Count == 0
            || sums.Count != measured.Count
            || otherSums.Count != otherMeasured.Count
        )
        {
            throw new ArgumentException(
                "calibration needs networks to fit and others to check, each with its measurement",
                nameof(sums)
            );
        }

        (double scale, double offset) = LeastSquares(sums, measured);
        double[] predicted = [.. otherSums.Select(sum => (scale * sum) + offset)];
        return new LatencyCalibration(
            scale,
            offset,
            otherSums.Count,
            predicted.Zip(otherMeasured, (p, m) => Math.Abs((p / m) - 1)).Average(),
            RankCorrelation.KendallTau(predicted, otherMeasured)
        );
    }

    // Normal equations of u scale + v offset = 1 with u = x / y, v = 1 / y.
    private static (double Scale, double Offset) LeastSquares(
        IReadOnlyList<double> sums,
        IReadOnlyList<double> measured
    )
    {
        double uu = 0,
            uv = 0,
            vv = 0,
            u1 = 0,
            v1 = 0;
        for (int i = 0; i < sums.Count; i++)
        {
            double u = sums[i] / measured[i];
            double v = 1 / measured[i];
            uu += u * u;
            uv += u * v;
            vv += v * v;
            u1 += u;
            v1 += v;
        }

        // A space of one network, or of equal networks, tells nothing about an offset.
        double determinant = (uu * vv) - (uv * uv);
        double scale = ((u1 * vv) - (v1 * uv)) / determinant;
        return determinant <= 1e-9 * uu * vv || scale <= 0
            ? (u1 / uu, 0)
            : (scale, ((uu * v1) - (uv * u1)) / determinant);
    }
}
