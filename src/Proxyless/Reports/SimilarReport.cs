using Proxyless.Training;

namespace Proxyless.Reports;

/// <summary>Two pictures that are nearly the same, as JPEG; null if one can no longer be read.</summary>
/// <param name="Image">The name of the first.</param>
/// <param name="Jpeg">The first.</param>
/// <param name="Other">The name of the second.</param>
/// <param name="OtherJpeg">The second.</param>
/// <param name="Correlation">Correlation of their gray values.</param>
/// <param name="HasOtherLabel">Whether their labels differ.</param>
internal sealed record SimilarPair(
    string Image,
    byte[]? Jpeg,
    string Other,
    byte[]? OtherJpeg,
    double Correlation,
    bool HasOtherLabel
);

/// <summary>Test images that are nearly training images.</summary>
internal sealed record SimilarReport
{
    /// <summary>How many pairs are shown.</summary>
    public const int Pictured = 8;

    /// <summary>Number of test images that are nearly a training image.</summary>
    public required int Similar { get; init; }

    /// <summary>The most similar of them.</summary>
    public required IReadOnlyList<SimilarPair> Pairs { get; init; }

    /// <summary>Number of test images that were looked at.</summary>
    public required int Images { get; init; }

    /// <summary>Number of training images that they were compared with.</summary>
    public required int Others { get; init; }

    /// <summary>Whether the time was too short to look at all of them.</summary>
    public required bool IsPart { get; init; }

    /// <summary>The answers without those images.</summary>
    public required IReadOnlyList<ImageAnswer> Rest { get; init; }
}
