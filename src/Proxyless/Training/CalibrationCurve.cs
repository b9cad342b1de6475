namespace Proxyless.Training;

/// <summary>The answers whose probability lies in one bin.</summary>
/// <param name="From">Lower end of the bin, 0..1.</param>
/// <param name="To">Upper end of the bin, 0..1.</param>
/// <param name="Images">Number of answers.</param>
/// <param name="Probability">Their mean probability.</param>
/// <param name="Top1">The share of them that is correct.</param>
internal sealed record CalibrationBin(double From, double To, int Images, double Probability, double Top1);

/// <summary>
/// How far a model's probabilities can be believed: of the answers with a probability near 0.8, are 80 % correct? (Guo
/// et al., On Calibration of Modern Neural Networks, ICML 2017.)
/// </summary>
internal sealed class CalibrationCurve
{
    private const int Count = 10;

    private CalibrationCurve(IReadOnlyList<CalibrationBin> bins, double? error)
    {
        Bins = bins;
        Error = error;
    }

    /// <summary>The bins that hold answers, the least probable first.</summary>
    public IReadOnlyList<CalibrationBin> Bins { get; }

    /// <summary>
    /// The expected calibration error, 0..1: the mean distance of a bin's share of correct answers from its mean
    /// probability, weighted by its images (equation 3 of the paper); null without answers.
    /// </summary>
    public double? Error { get; }

    /// <summary>Sorts answers into ten bins of equal width.</summary>
    /// <param name="answers">The answers; those whose probability is not a number are left out.</param>
    public static CalibrationCurve Of(IEnumerable<ImageAnswer> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ImageAnswer[] known = [.. answers.Where(answer => double.IsFinite(answer.Probability))];
        CalibrationBin[] bins =
        [
            .. known
                .GroupBy(answer => Math.Clamp((int)(answer.Probability * Count), 0, Count - 1))
                .OrderBy(bin => bin.Key)
                .Select(bin => new CalibrationBin(
                    (double)bin.Key / Count,
                    (bin.Key + 1.0) / Count,
                    bin.Count(),
                    bin.Average(answer => answer.Probability),
                    bin.Average(answer => answer.IsRight ? 1.0 : 0)
                )),
        ];
        return new CalibrationCurve(
            bins,
            known.Length == 0 ? null : bins.Sum(bin => bin.Images * Math.Abs(bin.Top1 - bin.Probability)) / known.Length
        );
    }
}
