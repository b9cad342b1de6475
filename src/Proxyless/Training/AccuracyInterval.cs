namespace Proxyless.Training;

/// <summary>The interval that a share of correct answers lies in, were there images without end.</summary>
/// <param name="Low">Its lower end, 0..1.</param>
/// <param name="High">Its upper end, 0..1.</param>
public sealed record AccuracyInterval(double Low, double High)
{
    // The 97.5th percentile of the standard normal distribution.
    private const double Z = 1.959963984540054;

    /// <summary>
    /// Returns the 95 % score interval of Wilson (Journal of the American Statistical Association 22, 1927). It stays
    /// within 0..1 and holds for few images and for shares near 0 or 1.
    /// </summary>
    /// <param name="share">The observed share of correct answers, 0..1.</param>
    /// <param name="images">Number of images behind it; without any, nothing is known.</param>
    public static AccuracyInterval Wilson(double share, long images)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(images);
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "A share is from 0 to 1.");
        }

        if (images == 0)
        {
            return new AccuracyInterval(0, 1);
        }

        double scaled = Z * Z / images;
        double center = (share + (scaled / 2)) / (1 + scaled);
        double half = Z / (1 + scaled) * Math.Sqrt((share * (1 - share) / images) + (scaled / 4 / images));

        // Rounding may leave the ends of 0 and 1 a little off.
        return new AccuracyInterval(
            share == 0 ? 0 : Math.Max(0, center - half),
            share == 1 ? 1 : Math.Min(1, center + half)
        );
    }
}
