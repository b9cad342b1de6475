namespace Proxyless.Data;

/// <summary>
/// Looks at the files before hours are spent on them. What it costs is bounded:
/// <list type="bullet">
/// <item>small images of one size that fit in 1 GiB are all decoded, once, and kept in memory;</item>
/// <item>up to 5,000 other files are decoded in full;</item>
/// <item>of up to 200,000 files the headers are read; a file cut off further down is found when a batch needs
/// it;</item>
/// <item>beyond that, only a sample of headers is read.</item>
/// </list>
/// With strict reading, all files are decoded in full, however many there are.
/// </summary>
internal static class ImageInspection
{
    /// <summary>
    /// Largest side that counts as a small image (STL-10's); larger ones are cropped and scaled as photographs are.
    /// </summary>
    private const int LargestSmallSide = 96;

    private const long MemoryBudget = 1L << 30;

    /// <summary>Most files that are decoded in full by default.</summary>
    public const int DecodedFiles = 5_000;

    private const int SampledFiles = 256;

    /// <summary>Most files of which every header is read and whose contents are compared.</summary>
    public const int ExaminedFiles = 200_000;

    /// <summary>What was found.</summary>
    /// <param name="NativeResolution">
    /// The side that all images of a sample have, if it is one and small; otherwise 0.
    /// </param>
    /// <param name="Unreadable">Messages by source and image.</param>
    /// <param name="OfOtherSize">
    /// Names of examined images that are not of <paramref name="NativeResolution"/>, if there is one.
    /// </param>
    public sealed record Result(
        int NativeResolution,
        IReadOnlyDictionary<(ImageSource Source, int Index), string> Unreadable,
        IReadOnlyList<string> OfOtherSize
    )
    {
        /// <summary>The warning about images of another size, or null.</summary>
        public string? SizeWarning =>
            OfOtherSize.Count == 0
                ? null
                : $"Images of another size than {NativeResolution} x {NativeResolution}, which a sample of them has: "
                    + Invariant($"{OfOtherSize.Count:N0}, such as {OfOtherSize[0]}. They are scaled to it.");
    }

    /// <summary>Examines all sources.</summary>
    /// <param name="sources">The user's splits.</param>
    /// <param name="channels">Channels to keep in memory.</param>
    /// <param name="decodeAll">Decode every file, however many there are.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="observer">Receives progress reports if it takes long.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Result Inspect(
        IReadOnlyList<ImageSource> sources,
        int channels,
        bool decodeAll,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        int[] sides = [.. sources.OfType<PixelSource>().Select(source => source.Side).Distinct()];
        FileSource[] files = [.. sources.OfType<FileSource>()];
        if (files.Length == 0)
        {
            return new Result(
                sides is [<= LargestSmallSide] ? sides[0] : 0,
                new Dictionary<(ImageSource, int), string>(),
                []
            );
        }

        int count = files.Sum(source => source.Count);
        int side = CommonSide(files, count);
        bool kept = side > 0 && (long)count * side * side * channels <= MemoryBudget;
        Func<FileSource, int, (int Width, int Height)>? examine = null;
        if (kept)
        {
            foreach (FileSource source in files)
            {
                source.KeepDecoded(side, channels);
            }

            examine = (source, index) => source.Keep(index);
        }
        else if (decodeAll || count <= DecodedFiles)
        {
            examine = (source, index) => source.Check(index);
        }
        else if (count <= ExaminedFiles)
        {
            examine = (source, index) => source.ReadSize(index);
        }

        var unreadable = new Dictionary<(ImageSource, int), string>();
        var others = new List<string>();
        if (examine is not null)
        {
            (FileSource Source, int Index)[] images =
            [
                .. files.SelectMany(source => Enumerable.Range(0, source.Count).Select(index => (source, index))),
            ];
            void Look(int i) => Examine(images[i].Source, images[i].Index);
            ImageLoop.Run(images.Length, threads, "read", observer, Look, cancellationToken);
        }

        return new Result(side, unreadable, [.. others.Order(StringComparer.Ordinal)]);

        void Examine(FileSource source, int index)
        {
            try
            {
                (int width, int height) = examine(source, index);
                if (side > 0 && (width != side || height != side))
                {
                    lock (others)
                    {
                        others.Add(source.Name(index));
                    }
                }
            }
            catch (InvalidInputException exception)
            {
                lock (unreadable)
                {
                    unreadable.Add((source, index), exception.Message);
                }
            }
        }
    }

    /// <summary>The common side of a sample of images spread over the files, or 0.</summary>
    private static int CommonSide(FileSource[] files, int count)
    {
        int common = 0;
        int step = Math.Max(1, count / SampledFiles);
        foreach (FileSource source in files)
        {
            for (int index = 0; index < source.Count; index += step)
            {
                int width,
                    height;
                try
                {
                    (width, height) = source.ReadSize(index);
                }
                catch (InvalidInputException)
                {
                    // The examination that follows names and counts it; it has no size.
                    continue;
                }

                if (width != height || width > LargestSmallSide || (common != 0 && width != common))
                {
                    return 0;
                }

                common = width;
            }
        }

        return common;
    }
}
