namespace Proxyless.Data;

/// <summary>
/// Images with one role. <see cref="BatchLoader"/> decodes them; a set only knows which images it has.
/// </summary>
internal sealed class ImageSet
{
    private readonly ImageSource _source;
    private readonly int[] _indices;
    private readonly UnreadableImages _unreadable;
    private readonly int[] _classCounts;
    private readonly IReadOnlyDictionary<int, int> _firstOfContent;

    /// <summary>Creates a set.</summary>
    /// <param name="source">The images.</param>
    /// <param name="indices">Those of the set, by their numbers in the source.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="unreadable">Receives images that turn out to be unreadable.</param>
    /// <param name="firstOfContent">
    /// For images of which the source has copies: the first with the same content; null if it has none.
    /// </param>
    internal ImageSet(
        ImageSource source,
        int[] indices,
        int classes,
        UnreadableImages unreadable,
        IReadOnlyDictionary<int, int>? firstOfContent = null
    )
    {
        _source = source;
        _indices = indices;
        _unreadable = unreadable;
        _firstOfContent = firstOfContent ?? new Dictionary<int, int>();
        _classCounts = new int[classes];
        foreach (int index in indices)
        {
            _classCounts[source.Label(index)]++;
        }
    }

    /// <summary>Number of images.</summary>
    public int Count => _indices.Length;

    /// <summary>Class of an image, an index into <see cref="ImageDataset.Classes"/>.</summary>
    public int Label(int i) => _source.Label(_indices[i]);

    /// <summary>A number that all copies of an image share, and no other image has.</summary>
    internal int Content(int i) => _firstOfContent.GetValueOrDefault(_indices[i], _indices[i]);

    /// <summary>Where an image comes from: its file, or its file and number.</summary>
    public string Name(int i) => _source.Name(_indices[i]);

    /// <summary>
    /// Returns the set itself if it is small enough, otherwise that many of its images, spread evenly over it.
    /// </summary>
    /// <param name="most">The most images, 1 or more.</param>
    internal ImageSet Spread(int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return Count <= most ? this : Subset(Enumerable.Range(0, most).Select(i => (int)((long)i * Count / most)));
    }

    /// <summary>Returns the set of some of its images.</summary>
    /// <param name="positions">Their numbers in this set.</param>
    internal ImageSet Subset(IEnumerable<int> positions) =>
        new(
            _source,
            [.. positions.Select(position => _indices[position])],
            _classCounts.Length,
            _unreadable,
            _firstOfContent
        );

    /// <summary>
    /// Returns the numbers of all images if they are few enough, otherwise those of about that many, with the same
    /// share of each class, but at least one.
    /// </summary>
    /// <param name="most">About the most images, 1 or more.</param>
    internal int[] SpreadOverClasses(int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        IEnumerable<int> all = Enumerable.Range(0, Count);
        if (Count <= most)
        {
            return [.. all];
        }

        return
        [
            .. all.GroupBy(Label)
                .Select(ofClass => ofClass.ToArray())
                .SelectMany(ofClass =>
                {
                    long count = Math.Max(1, (long)ofClass.Length * most / Count);
                    return Enumerable.Range(0, (int)count).Select(i => ofClass[(long)i * ofClass.Length / count]);
                })
                .Order(),
        ];
    }

    /// <summary>Number of images of each class.</summary>
    public IReadOnlyList<int> ClassCounts() => _classCounts;

    /// <summary>
    /// Returns a weight for the loss of each class, inversely proportional to its number of images, so that the mean
    /// over the images is 1 (images / (classes that have any * images of the class), as scikit-learn's "balanced"). 0
    /// for a class without images.
    /// </summary>
    public double[] BalancedClassWeights()
    {
        int present = _classCounts.Count(count => count > 0);
        return [.. _classCounts.Select(count => count == 0 ? 0 : Count / ((double)present * count))];
    }

    /// <summary>
    /// Decodes and transforms one image; one that turns out unreadable is replaced by the next of its class.
    /// </summary>
    /// <param name="i">The image.</param>
    /// <param name="transforms">The processing of the image.</param>
    /// <param name="random">The image's random stream.</param>
    /// <param name="destination">[resolution, resolution, channels], normalized.</param>
    /// <exception cref="InvalidInputException">
    /// The image is unreadable and reading is strict, or no image of its class can be read.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">The folder of the images no longer exists.</exception>
    internal void Render(int i, Transforms transforms, SplitMix64 random, Span<float> destination)
    {
        int label = Label(i);
        for (int step = 0; step < Count; step++)
        {
            int candidate = (i + step) % Count;
            if (Label(candidate) != label)
            {
                continue;
            }

            try
            {
                _source.Render(_indices[candidate], transforms, random, destination);
                return;
            }
            catch (InvalidInputException exception)
            {
                _source.RequireFolder(_indices[candidate]);
                _unreadable.Add(exception, "The next image of its class takes its place");
            }
        }

        throw new InvalidInputException($"{Name(i)}: neither it nor any other image of its class can be read.");
    }

    /// <summary>
    /// Decodes and transforms one image for people to look at: one that cannot be read is neither replaced nor
    /// reported.
    /// </summary>
    /// <param name="i">The image.</param>
    /// <param name="transforms">The processing of the image.</param>
    /// <param name="destination">[resolution, resolution, channels].</param>
    /// <returns>Whether it could be read.</returns>
    internal bool TryShow(int i, Transforms transforms, Span<float> destination)
    {
        try
        {
            _source.Render(_indices[i], transforms, new SplitMix64(0), destination);
            return true;
        }
        catch (Exception exception)
            when (exception is InvalidInputException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Decodes and transforms one image, if it can be read.</summary>
    /// <returns>Whether it could be read.</returns>
    /// <exception cref="InvalidInputException">The image is unreadable and reading is strict.</exception>
    /// <inheritdoc cref="Render"/>
    internal bool TryRender(int i, Transforms transforms, SplitMix64 random, Span<float> destination)
    {
        try
        {
            _source.Render(_indices[i], transforms, random, destination);
            return true;
        }
        catch (InvalidInputException exception)
        {
            _source.RequireFolder(_indices[i]);
            _unreadable.Add(exception, "It is left out of the evaluation");
            return false;
        }
    }

    /// <summary>
    /// Reports images found unreadable since the last call to the observer; call it on the job's own thread.
    /// </summary>
    internal void ReportUnreadable() => _unreadable.Report();

    /// <summary>The images themselves, for comparing sets.</summary>
    internal IEnumerable<ImageReference> References() => _indices.Select(index => new ImageReference(_source, index));
}
