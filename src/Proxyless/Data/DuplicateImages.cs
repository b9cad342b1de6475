namespace Proxyless.Data;

/// <summary>An image by its source and number.</summary>
internal readonly record struct ImageReference(ImageSource Source, int Index)
{
    public int Label => Source.Label(Index);

    public string Name => Source.Name(Index);
}

/// <summary>Finds images of the same content: files of equal length are compared by SHA-256.</summary>
internal static class DuplicateImages
{
    /// <summary>Returns groups of two or more images of the same bytes, each in the given order.</summary>
    /// <param name="images">The images to compare.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static IReadOnlyList<IReadOnlyList<ImageReference>> Find(
        IReadOnlyList<ImageReference> images,
        int threads,
        CancellationToken cancellationToken
    )
    {
        int[] suspects =
        [
            .. Enumerable
                .Range(0, images.Count)
                .GroupBy(position => images[position].Source.Length(images[position].Index))
                .Where(group => group.Skip(1).Any())
                .SelectMany(group => group)
                .Order(),
        ];
        var hashes = new UInt128[suspects.Length];
        ImageLoop.Run(
            suspects.Length,
            threads,
            "hash",
            NullRunObserver.Instance,
            i =>
            {
                ImageReference image = images[suspects[i]];
                hashes[i] = image.Source.ContentHash(image.Index);
            },
            cancellationToken
        );
        return
        [
            .. Enumerable
                .Range(0, suspects.Length)
                .GroupBy(i => hashes[i], i => images[suspects[i]])
                .Select(group => group.ToArray())
                .Where(group => group.Length > 1),
        ];
    }
}
