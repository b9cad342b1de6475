using System.Globalization;

namespace Proxyless.Data;

/// <summary>Warnings about a dataset, before hours are spent on it.</summary>
internal static class DatasetWarnings
{
    /// <summary>With fewer training images per class, a network trained from scratch mostly memorizes them.</summary>
    public const int FewImages = 200;

    /// <summary>
    /// Ratio of the largest class to the smallest from which the large classes dominate accuracy and loss.
    /// </summary>
    private const double UnevenRatio = 3;

    private const int Named = 5;

    /// <summary>Warns of uneven classes and too few images.</summary>
    /// <param name="classes">Names of the classes.</param>
    /// <param name="training">The training images.</param>
    /// <param name="fromScratch">
    /// Whether a network is trained from random weights, for which few images are too few.
    /// </param>
    /// <param name="warnings">Receives the warnings.</param>
    public static void AddAboutSize(
        IReadOnlyList<string> classes,
        ImageSet training,
        bool fromScratch,
        List<string> warnings
    )
    {
        IReadOnlyList<int> counts = training.ClassCounts();
        int[] order = [.. Enumerable.Range(0, counts.Count).OrderBy(label => counts[label])];
        int smallest = order[0];
        int largest = order[^1];
        if (counts[largest] >= UnevenRatio * counts[smallest])
        {
            warnings.Add(
                $"The classes are uneven: '{classes[largest]}' has {counts[largest]} training images, "
                    + $"'{classes[smallest]}' "
                    + $"{counts[smallest]}; weight the classes in the loss, or add images."
            );
        }

        double mean = training.Count / (double)counts.Count;
        if (fromScratch && mean < FewImages)
        {
            warnings.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The set is too small to train from scratch: {training.Count} training images, {mean:0} a class "
                        + $"on average, where "
                        + $"about {FewImages} a class are the least; expect a network that memorizes them. Add images, "
                        + $"or begin with pretrained weights."
                )
            );
        }
    }

    /// <summary>Warns of classes that have too few images for one of them to be a test image.</summary>
    /// <param name="classes">Names of the classes.</param>
    /// <param name="test">The test images, taken from those of the classes.</param>
    /// <param name="fewest">Fewest different images of a class that give one to every split.</param>
    /// <param name="warnings">Receives the warning.</param>
    public static void AddAboutUntested(IReadOnlyList<string> classes, ImageSet test, int fewest, List<string> warnings)
    {
        IReadOnlyList<int> counts = test.ClassCounts();
        string[] untested = [.. classes.Where((_, label) => counts[label] == 0)];
        if (untested.Length > 0)
        {
            warnings.Add(
                $"Classes without a test image, so that the test says nothing about them: "
                    + $"{NameList.Of(untested, Named)}; {fewest} different images of a class are the "
                    + "least."
            );
        }
    }

    /// <summary>Warns of images of the same content in more than one split, or in more than one class.</summary>
    /// <param name="duplicates">Groups of images of the same content.</param>
    /// <param name="splitOf">The name of the split an image is in.</param>
    /// <param name="warnings">Receives the warnings.</param>
    public static void AddAboutDuplicates(
        IReadOnlyList<IReadOnlyList<ImageReference>> duplicates,
        Func<ImageReference, string> splitOf,
        List<string> warnings
    )
    {
        ImageReference[][] acrossSplits =
        [
            .. duplicates.Select(group => group.DistinctBy(splitOf).ToArray()).Where(group => group.Length > 1),
        ];
        if (acrossSplits.Length > 0)
        {
            warnings.Add(
                $"Images in more than one split, so that results on them are too good: "
                    + $"{acrossSplits.Length}. "
                    + List(acrossSplits)
            );
        }

        ImageReference[][] acrossClasses =
        [
            .. duplicates
                .Select(group => group.DistinctBy(image => image.Label).ToArray())
                .Where(group => group.Length > 1),
        ];
        if (acrossClasses.Length > 0)
        {
            warnings.Add($"Images in more than one class: {acrossClasses.Length}. {List(acrossClasses)}");
        }
    }

    private static string List(ImageReference[][] groups)
    {
        string named = string.Join(
            "; ",
            groups.Take(Named).Select(group => string.Join(" = ", group.Select(image => image.Name)))
        );
        return groups.Length > Named ? $"{named}; and {groups.Length - Named} more." : named + ".";
    }
}
