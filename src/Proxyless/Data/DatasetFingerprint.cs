using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Proxyless.Data;

/// <summary>
/// Identifies images in their roles: a hash of the classes and of the label, file name, length and contents of each
/// image, role by role. The folder is not part of it: moved images are the same images.
/// </summary>
/// <remarks>
/// The contents of every image count if there are at most <see cref="ImageInspection.ExaminedFiles"/>, whose files are
/// read anyway. Beyond that, every n-th image in the order of their names is read, about <see cref="SampledImages"/> in
/// total; the others count by name and length.
/// </remarks>
internal static class DatasetFingerprint
{
    /// <summary>About how many images are read if there are too many to read all.</summary>
    public const int SampledImages = 5_000;

    // Fingerprints of runs from before contents were hashed are hexadecimal digits only.
    private const string ContentsPrefix = "contents-1:";

    /// <summary>Computes the fingerprint of contents. Files are read on several threads.</summary>
    /// <param name="classes">Names of the classes, by label.</param>
    /// <param name="roles">The images, role by role; one may have several roles.</param>
    /// <param name="total">Number of images of all sources, including unreadable ones.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="observer">Receives progress reports if it takes long.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static string OfContents(
        IReadOnlyList<string> classes,
        IReadOnlyList<ImageSet> roles,
        int total,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        int step = Step(total);
        ImageReference[] read =
        [
            .. roles.SelectMany(role => role.References()).Where(image => image.Index % step == 0).Distinct(),
        ];
        void Hash(int i) => read[i].Source.TryContentHash(read[i].Index);
        ImageLoop.Run(read.Length, threads, "read", observer, Hash, cancellationToken);
        return ContentsPrefix + Describe(classes, roles, image => $"{NameOf(image)} {ContentsOf(image, step)}");
    }

    /// <summary>
    /// Computes the fingerprint as it was before contents were part of it: names, lengths and labels.
    /// </summary>
    /// <param name="classes">Names of the classes, by label.</param>
    /// <param name="roles">The images, role by role; one may have several roles.</param>
    public static string OfNames(IReadOnlyList<string> classes, IReadOnlyList<ImageSet> roles) =>
        Describe(classes, roles, NameOf);

    /// <summary>Whether it is a fingerprint of contents.</summary>
    /// <param name="fingerprint">The fingerprint.</param>
    public static bool IsOfContents(string fingerprint) =>
        fingerprint.StartsWith(ContentsPrefix, StringComparison.Ordinal);

    /// <summary>Returns the n of the rule that every n-th image is read.</summary>
    /// <param name="total">Number of images of all sources.</param>
    public static int Step(int total) => total <= ImageInspection.ExaminedFiles ? 1 : total / SampledImages;

    private static string NameOf(ImageReference image) =>
        $"{image.Label} {Path.GetFileName(image.Name)} {image.Source.Length(image.Index)}";

    private static string ContentsOf(ImageReference image, int step) =>
        image.Index % step == 0 && image.Source.TryContentHash(image.Index) is { } hash
            ? hash.ToString("x32", CultureInfo.InvariantCulture)
            : "-";

    private static string Describe(
        IReadOnlyList<string> classes,
        IReadOnlyList<ImageSet> roles,
        Func<ImageReference, string> describe
    )
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in classes)
        {
            Append(hash, ClassName.Key(name));
        }

        foreach (ImageSet role in roles)
        {
            Append(hash, $"{role.Count} images");
            foreach (ImageReference image in role.References())
            {
                Append(hash, describe(image));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, string text)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        hash.AppendData([0]);
    }
}
