using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Training;

public sealed class CalibrationCurveTests
{
    [Fact]
    public void The_error_is_the_distance_of_each_bin_weighted_by_its_images()
    {
        // Two answers at 0.95, one of them right: 0.45 off. Three at 0.65, two right: 0.0167 off.
        var curve = CalibrationCurve.Of([
            Answer(0.95, true),
            Answer(0.95, false),
            Answer(0.65, true),
            Answer(0.65, true),
            Answer(0.65, false),
        ]);
        Assert.Equal(((2 * 0.45) + (3 * Math.Abs((2.0 / 3) - 0.65))) / 5, curve.Error!.Value, 1e-12);
        Assert.Equal([3, 2], curve.Bins.Select(bin => bin.Images));
        Assert.Equal((0.6, 0.7), (curve.Bins[0].From, Math.Round(curve.Bins[0].To, 9)));
    }

    [Fact]
    public void Certainty_belongs_to_the_last_bin_and_what_is_no_number_to_none()
    {
        var curve = CalibrationCurve.Of([Answer(1, true), Answer(0, false), Answer(double.NaN, false)]);
        Assert.Equal([1, 1], curve.Bins.Select(bin => bin.Images));
        Assert.Equal(0, curve.Error);
    }

    [Fact]
    public void Without_answers_there_is_no_error()
    {
        var curve = CalibrationCurve.Of([]);
        Assert.Null(curve.Error);
        Assert.Empty(curve.Bins);
    }

    [Fact]
    public void Probabilities_that_are_true_have_hardly_an_error()
    {
        var random = new Random(3);
        ImageAnswer[] answers =
        [
            .. Enumerable
                .Range(0, 100_000)
                .Select(_ => random.NextDouble())
                .Select(probability => Answer(probability, random.NextDouble() < probability)),
        ];
        Assert.InRange(CalibrationCurve.Of(answers).Error!.Value, 0, 0.006);
    }

    private static ImageAnswer Answer(double probability, bool isRight) =>
        new("image.jpg", 0, isRight ? 0 : 1, probability, isRight ? probability : 1 - probability);
}
