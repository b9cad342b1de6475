namespace Proxyless.Data;

/// <summary>Assigns images to the roles of <see cref="ImageDataset"/>.</summary>
internal sealed record DatasetDivision(
    ImageSet Weights,
    ImageSet Architecture,
    ImageSet Training,
    ImageSet AllTraining,
    ImageSet Validation,
    ImageSet Test,
    ImageSet All
)
{
    /// <summary>Fewest images of a class that give one to every split.</summary>
    public const int OneForEachSplit = 3;

    /// <summary>Fewest images of a class of which one can be held out.</summary>
    private const int TwoOfOneSplit = 2;

    private const int NamedReasons = 3;

    /// <summary>The roles that identify the images: <see cref="DatasetFingerprint"/>.</summary>
    public IReadOnlyList<ImageSet> Roles => [Weights, Architecture, Training, Validation, Test];

    /// <summary>
    /// Divides the images that a layout lists. Images of the same content stay in one split if the splits are made
    /// here.
    /// </summary>
    /// <param name="layout">The listed images.</param>
    /// <param name="options">Shares and seed.</param>
    /// <param name="unreadable">Why an image is not used at all.</param>
    /// <param name="unreadableLater">Passed on to the sets.</param>
    /// <param name="warnings">Receives warnings about duplicates.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">A class, or a split, has no readable images.</exception>
    public static DatasetDivision Divide(
        DatasetLayout layout,
        DatasetOptions options,
        IReadOnlyDictionary<(ImageSource Source, int Index), string> unreadable,
        UnreadableImages unreadableLater,
        List<string> warnings,
        CancellationToken cancellationToken
    )
    {
        ImageReference[] images =
        [
            .. layout.Sources.SelectMany(source =>
                Enumerable
                    .Range(0, source.Count)
                    .Where(index => !unreadable.ContainsKey((source, index)))
                    .Select(index => new ImageReference(source, index))
            ),
        ];
        IReadOnlyList<IReadOnlyList<ImageReference>> duplicates = [];
        if (images.Length <= ImageInspection.ExaminedFiles)
        {
            duplicates = DuplicateImages.Find(images, options.Threads, cancellationToken);
        }
        else
        {
            warnings.Add($"{images.Length} images are too many to look for the same image in more than one split.");
        }

        Dictionary<int, int> firstOfContent = duplicates
            .Select(group =>
                group.Where(image => image.Source == layout.Training).Select(image => image.Index).ToArray()
            )
            .Where(group => group.Length > 1)
            .SelectMany(group => group.Select(index => (index, first: group[0])))
            .ToDictionary(pair => pair.index, pair => pair.first);
        int GroupOf(int index) => firstOfContent.GetValueOrDefault(index, index);

        int[] remaining = [.. images.Where(image => image.Source == layout.Training).Select(image => image.Index)];
        RequireEveryClass(layout, remaining, unreadable);
        var random = new SplitMix64(options.Seed);
        int[] test = [];
        if (layout.Test is null)
        {
            (remaining, test) = StratifiedSplit.Divide(
                remaining,
                layout.Training.Label,
                GroupOf,
                options.TestShare,
                OneForEachSplit,
                ref random
            );
        }

        (int[] Kept, int[] HeldOut) HoldOut(int fewest, ref SplitMix64 draws) =>
            StratifiedSplit.Divide(
                remaining,
                layout.Training.Label,
                GroupOf,
                options.ValidationShare,
                fewest,
                ref draws
            );

        // Of the three images needed for one in each split, the test set may already have taken its own. Where it has
        // not, one of two images is held out only if no class has more.
        int minimum = layout.Test is null ? TwoOfOneSplit : OneForEachSplit;
        (int[] weights, int[] architecture) = HoldOut(minimum, ref random);
        if (architecture.Length == 0 && minimum > TwoOfOneSplit)
        {
            (weights, architecture) = HoldOut(TwoOfOneSplit, ref random);
        }

        if (architecture.Length == 0)
        {
            throw new InvalidInputException(
                $"{options.Location}: no class has enough different images to hold some out; "
                    + $"{(layout.Test is null ? OneForEachSplit : TwoOfOneSplit)} are the least."
            );
        }

        ImageSet SetOf(ImageSource source, int[] indices) =>
            new(
                source,
                indices,
                layout.Classes.Count,
                unreadableLater,
                source == layout.Training ? firstOfContent : null
            );
        int[] Readable(ImageSource source) =>
            [.. images.Where(image => image.Source == source).Select(image => image.Index)];
        ImageSet weightSet = SetOf(layout.Training, weights);
        ImageSet architectureSet = SetOf(layout.Training, architecture);
        ImageSet both = SetOf(layout.Training, remaining);
        var division = new DatasetDivision(
            weightSet,
            architectureSet,
            layout.Validation is null ? weightSet : both,
            both,
            layout.Validation is null ? architectureSet : SetOf(layout.Validation, Readable(layout.Validation)),
            layout.Test is null ? SetOf(layout.Training, test) : SetOf(layout.Test, Readable(layout.Test)),
            SetOf(layout.Training, Readable(layout.Training))
        );
        if (division.Validation.Count == 0 || division.Test.Count == 0)
        {
            string split = division.Test.Count == 0 ? "test" : "validation";
            throw new InvalidInputException(
                (division.Test.Count == 0 ? layout.Test : layout.Validation) is null
                    ? $"{options.Location}: no class has enough different images to {split} with; {OneForEachSplit} "
                        + $"are the least, or add a folder {(split == "test" ? "test" : "val")}/ beside train/."
                    : $"{options.Location}: there is no readable image to {split} with."
            );
        }

        string SplitOf(ImageReference image) =>
            image.Source == layout.Training ? "train"
            : image.Source == layout.Validation ? "val"
            : "test";
        DatasetWarnings.AddAboutDuplicates(duplicates, SplitOf, warnings);
        return division;
    }

    private static void RequireEveryClass(
        DatasetLayout layout,
        int[] training,
        IReadOnlyDictionary<(ImageSource Source, int Index), string> unreadable
    )
    {
        var counts = new int[layout.Classes.Count];
        foreach (int index in training)
        {
            counts[layout.Training.Label(index)]++;
        }

        int empty = Array.IndexOf(counts, 0);
        if (empty >= 0)
        {
            string[] reasons =
            [
                .. unreadable
                    .Where(pair => pair.Key.Source == layout.Training && layout.Training.Label(pair.Key.Index) == empty)
                    .OrderBy(pair => pair.Key.Index)
                    .Select(pair => pair.Value),
            ];
            string named = string.Concat(reasons.Take(NamedReasons).Select(reason => $"\n  {reason}"));
            string more = reasons.Length > NamedReasons ? $"\n  and {reasons.Length - NamedReasons} more" : "";
            throw new InvalidInputException(
                $"{layout.Name}: class '{layout.Classes[empty]}' has no readable training images; add some, or "
                    + $"remove the class.{named}{more}"
            );
        }
    }
}
