namespace Proxyless.Data;

/// <summary>
/// The user's images with their roles. Roles never mix: weights learn on <see cref="Weights"/>, architecture parameters
/// on <see cref="Architecture"/>, and <see cref="Test"/> is read only at the very end.
/// </summary>
/// <remarks>
/// Unreadable images found when a dataset is opened are named in <see cref="Warnings"/> and left out. The number of
/// files determines how thoroughly they are examined: small images of one size (up to 96 pixels, 1 GiB decoded) and
/// sets of up to 5,000 files are decoded in full; of up to 200,000 files the headers are read; beyond that, a sample;
/// with <see cref="DatasetOptions.Strict"/> all are decoded in full. A file found to be cut off later, while batches
/// are made, is reported to the observer once and replaced by the next image of its class, or left out in evaluation.
/// With <see cref="DatasetOptions.Strict"/> both are errors.
/// </remarks>
internal sealed class ImageDataset
{
    private readonly Lazy<string> _fingerprintOfNames;
    private readonly FileSource[] _folders;

    private ImageDataset(
        DatasetLayout layout,
        FileSource[] folders,
        DatasetDivision division,
        int channels,
        int nativeResolution,
        string fingerprint,
        ImageCopies? copies,
        IReadOnlyList<string> warnings
    )
    {
        Name = layout.Name;
        Classes = layout.Classes;
        Channels = channels;
        AreGray = channels == 1 || layout.Channels == 1;
        NativeResolution = nativeResolution;
        Weights = division.Weights;
        Architecture = division.Architecture;
        Training = division.Training;
        AllTraining = division.AllTraining;
        Validation = division.Validation;
        Test = division.Test;
        All = division.All;
        HasOwnValidation = layout.Validation is not null;
        HasOwnTest = layout.Test is not null;
        Warnings = warnings;
        Fingerprint = fingerprint;
        _folders = folders;
        Copies = copies;
        _fingerprintOfNames = new Lazy<string>(() => DatasetFingerprint.OfNames(Classes, division.Roles));
    }

    /// <summary>The name of the images in reports.</summary>
    public string Name { get; }

    /// <summary>Names of the classes, by label.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>1 for gray, 3 for color.</summary>
    public int Channels { get; }

    /// <summary>
    /// Whether the images are gray, though their one channel may be repeated: those of IDX files, such as MNIST's
    /// digits, and all that are read as gray. Files in folders may be of either kind and count as color.
    /// </summary>
    public bool AreGray { get; }

    /// <summary>
    /// Search: the images that weights learn on, the training images without <see cref="Architecture"/>.
    /// </summary>
    public ImageSet Weights { get; }

    /// <summary>Search: the slice held out of the training images on which architecture parameters learn.</summary>
    public ImageSet Architecture { get; }

    /// <summary>
    /// Training of the derived network: <see cref="Weights"/>, and <see cref="Architecture"/> too if the user has a
    /// <c>val/</c> to choose the checkpoint with.
    /// </summary>
    public ImageSet Training { get; }

    /// <summary><see cref="Weights"/> and <see cref="Architecture"/> together.</summary>
    public ImageSet AllTraining { get; }

    /// <summary>
    /// The images that choose the best checkpoint: the user's <c>val/</c>, otherwise <see cref="Architecture"/>.
    /// </summary>
    public ImageSet Validation { get; }

    /// <summary>
    /// The user's <c>test/</c>, otherwise a slice of all images; read only by <c>evaluate</c> and at the end of
    /// <c>run</c>.
    /// </summary>
    public ImageSet Test { get; }

    /// <summary>Whether the images that choose the best checkpoint are the user's own <c>val/</c>.</summary>
    public bool HasOwnValidation { get; }

    /// <summary>Whether the test images are the user's own <c>test/</c> and not a slice made by the seed.</summary>
    public bool HasOwnTest { get; }

    /// <summary>
    /// All images of a folder without splits, or of <c>train/</c>: for evaluating a model that never saw any of them.
    /// </summary>
    public ImageSet All { get; }

    /// <summary>
    /// What the user should know before hours are spent: uneven classes, a small set, duplicates across splits,
    /// unreadable images.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// The side of the images if they share one of at most 96 pixels (CIFAR 32, MNIST 28); 0 for photographs. For
    /// files, a sample of 256 decides; files of another size are named in <see cref="Warnings"/>.
    /// </summary>
    public int NativeResolution { get; }

    /// <summary>
    /// A hash of classes, images and their roles; the same images in the same roles give the same hash on any machine.
    /// For up to 200,000 images it covers the contents; beyond that, names, lengths and the contents of about 5,000.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>
    /// Whether a fingerprint is of these images in these roles. One of an earlier version, which does not cover
    /// contents, is compared by its own rule.
    /// </summary>
    /// <param name="fingerprint">An earlier value of <see cref="Fingerprint"/>.</param>
    public bool HasFingerprint(string fingerprint)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        return fingerprint == (DatasetFingerprint.IsOfContents(fingerprint) ? Fingerprint : _fingerprintOfNames.Value);
    }

    /// <summary>The copies that may stand for large images; null for none.</summary>
    public ImageCopies? Copies { get; }

    /// <summary>The number of images for which copies stand, of those whose size is known.</summary>
    /// <param name="side">Shorter side of the copies in pixels.</param>
    public int CountCopied(int side) => _folders.Sum(source => source.CountCopied(side));

    /// <summary>Lists, checks and divides the images.</summary>
    /// <param name="options">Which images, and how they are divided.</param>
    /// <param name="observer">
    /// Receives <see cref="Warnings"/> and, later, reports of images found unreadable while batches are made.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">
    /// The images cannot be used; the message names the file or folder and the fix.
    /// </exception>
    public static ImageDataset Open(
        DatasetOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    ) => Open(options, forTraining: true, observer, cancellationToken);

    /// <summary>
    /// The same, for images that are only evaluated: then there are no warnings about few or uneven images.
    /// </summary>
    internal static ImageDataset Open(
        DatasetOptions options,
        bool forTraining,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        options.Validate();
        DatasetLayout layout = DatasetLayout.Read(options.Location, options.MaxPixels);
        FileSource[] folders = [.. layout.Sources.OfType<FileSource>()];
        if (options.Copies is { } copies)
        {
            Array.ForEach(folders, source => source.UseCopies(copies, options.CopySide));
        }

        int channels = options.Channels ?? layout.Channels;
        bool decodeAll = options.Strict && !options.HasBegun;
        int files = folders.Sum(source => source.Count);
        if (decodeAll && files > ImageInspection.DecodedFiles)
        {
            observer.Message(Invariant($"all {files:N0} images are decoded first, because they are read strictly"));
        }

        ImageInspection.Result inspection = ImageInspection.Inspect(
            layout.Sources,
            channels,
            decodeAll,
            options.Threads,
            observer,
            cancellationToken
        );
        var warnings = new List<string>(layout.Warnings);
        if (inspection.Unreadable.Count > 0)
        {
            warnings.Add(DescribeUnreadable(inspection.Unreadable.Values, options));
        }

        if (inspection.SizeWarning is { } otherSizes)
        {
            warnings.Add(otherSizes);
        }

        DatasetDivision division = DatasetDivision.Divide(
            layout,
            options,
            inspection.Unreadable,
            new UnreadableImages(options.Strict, observer),
            warnings,
            cancellationToken
        );
        if (forTraining)
        {
            DatasetWarnings.AddAboutSize(layout.Classes, division.Training, !options.HasWeights, warnings);
            if (layout.Test is null)
            {
                DatasetWarnings.AddAboutUntested(
                    layout.Classes,
                    division.Test,
                    DatasetDivision.OneForEachSplit,
                    warnings
                );
            }
        }

        foreach (string warning in warnings)
        {
            observer.Warning(warning);
        }

        string fingerprint = DatasetFingerprint.OfContents(
            layout.Classes,
            division.Roles,
            layout.Sources.Sum(source => source.Count),
            options.Threads,
            observer,
            cancellationToken
        );
        return new ImageDataset(
            layout,
            folders,
            division,
            channels,
            inspection.NativeResolution,
            fingerprint,
            options.Copies,
            warnings
        );
    }

    /// <summary>Returns a warning that names unreadable images.</summary>
    /// <exception cref="InvalidInputException">The images are read strictly.</exception>
    internal static string DescribeUnreadable(IEnumerable<string> messages, DatasetOptions options)
    {
        const int Named = 10;
        string[] all = [.. messages.Order(StringComparer.Ordinal)];
        string named = string.Join("\n  ", all.Take(Named));
        string more = all.Length > Named ? $"\n  and {all.Length - Named} more" : "";
        string advice = options.HasBegun
            ? "Restore them as they were: the run continues with the images it began with, and with no others."
            : "Restore them; or, before a run begins, remove them or leave DatasetOptions.Strict out. A run that has "
                + "begun continues with the images it began with.";
        return options.Strict
            ? throw new InvalidInputException($"Unreadable images: {all.Length}.\n  {named}{more}\n{advice}")
            : $"Unreadable images, skipped: {all.Length}.\n  {named}{more}";
    }
}
