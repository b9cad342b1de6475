using CsCheck;
using Proxyless.Latency;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class LatencyCalibrationTests
{
    [Fact]
    public void Scale_and_offset_of_exact_timings_are_found()
    {
        Gen.Select(Gen.Double[0.5, 2], Gen.Double[-0.5, 2], Gen.Double[1, 100].Array[3, 10])
            .Sample(
                (scale, offset, sums) =>
                {
                    sums = [.. sums, 1, 100];
                    double[] measured = [.. sums.Select(sum => (scale * sum) + offset + 0.2)];
                    var calibration = LatencyCalibration.Fit(sums, measured, sums, measured);
                    Assert.Equal(scale, calibration.Scale, 1e-6);
                    Assert.Equal(offset + 0.2, calibration.Offset, 1e-5);
                    Assert.Equal(0, calibration.MeanAbsoluteError, 1e-6);
                },
                iter: 200
            );
    }

    [Fact]
    public void No_other_scale_and_offset_has_a_smaller_relative_error()
    {
        double[] sums = [1, 2, 4, 7, 11];
        double[] measured = [1.3, 2.1, 4.4, 7.1, 11.9];
        var fit = LatencyCalibration.Fit(sums, measured, sums, measured);
        double best = Error(fit.Scale, fit.Offset);
        foreach ((double s, double o) in new[] { (1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3), (1e-3, -3e-3) })
        {
            Assert.True(Error(fit.Scale + s, fit.Offset + o) > best);
        }

        double Error(double scale, double offset) =>
            sums.Zip(measured, (x, y) => Math.Pow((((scale * x) + offset) / y) - 1, 2)).Sum();
    }

    [Fact]
    public void The_error_is_that_of_the_other_networks()
    {
        var calibration = LatencyCalibration.Fit([1, 2, 3], [2, 4, 6], [1, 2, 4], [2.5, 3.2, 8]);
        Assert.Equal((0.2 + 0.25 + 0) / 3, calibration.MeanAbsoluteError, 1e-9);
        Assert.Equal(3, calibration.Networks);
        Assert.Equal(1, calibration.KendallTau);
    }

    [Fact]
    public void Networks_that_are_all_alike_give_a_scale_alone()
    {
        var calibration = LatencyCalibration.Fit([2, 2, 2], [3, 3, 3], [2], [3]);
        Assert.Equal(1.5, calibration.Scale, 1e-12);
        Assert.Equal(0, calibration.Offset);
    }

    [Fact]
    public void A_device_so_noisy_that_slower_parts_look_faster_gives_a_scale_alone()
    {
        // The least squares of these have a scale of about -1.5.
        double[] sums = [1, 1.1, 1.2, 1.3];
        double[] measured = [2.3, 2.1, 2.0, 1.8];
        var calibration = LatencyCalibration.Fit(sums, measured, sums, measured);
        Assert.True(calibration.Scale > 0);
        Assert.Equal(0, calibration.Offset);
        Assert.True(calibration.MeanAbsoluteError > 0.05);
        double Error(double scale) => sums.Zip(measured, (x, y) => Math.Pow((scale * x / y) - 1, 2)).Sum();
        Assert.True(Error(calibration.Scale + 1e-3) > Error(calibration.Scale));
        Assert.True(Error(calibration.Scale - 1e-3) > Error(calibration.Scale));
    }

    [Fact]
    public void Nothing_to_check_is_refused() =>
        Assert.Throws<ArgumentException>(() => LatencyCalibration.Fit([1], [1], [], []));
}
