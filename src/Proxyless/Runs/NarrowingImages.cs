using Proxyless.Data;
using Proxyless.FineTuning;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>
/// The images on which a pretrained network is made smaller: as they are, and also augmented if they are few. The least
/// squares of a late block have about a thousand unknowns, and images of a few dozen pixels there.
/// </summary>
internal sealed class NarrowingImages : IDisposable
{
    // More images change the choice less than another random draw of them does. Larger images are fewer, since all of
    // them are held in memory together with their features: at 512 pixels those of 400 would be 5 GB.
    private const int Most = 400;
    private const int Fewest = 64;
    private const int PixelsOfMost = Most * 224 * 224;

    private readonly List<Tensor> _views = [];

    /// <summary>Decodes the images.</summary>
    /// <param name="context">The context at the resolution of the network.</param>
    /// <param name="images">The images, up to <paramref name="most"/>.</param>
    /// <param name="most">
    /// From <see cref="MostAt"/>: with the augmented ones there are at least as many, and fewer than twice as many.
    /// </param>
    public NarrowingImages(RunContext context, ImageSet images, int most)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(images);
        int views = (most - 1) / images.Count;
        var progress = new Progress(context.Observer, "images", 0, images.Count * (1 + views), Progress.Unreported);
        long done = 0;
        void Decoded(int count) => progress.Report(done += count, "decoded");
        using BatchLoader loader = context.Loaders.Evaluation(images);
        Probe = new FeatureProbe(
            loader,
            context.Classes,
            context.ClassWeightsOf(images),
            images.Content,
            context.Options.Seed,
            Decoded,
            context.CancellationToken
        );
        try
        {
            using BatchLoader augmented = context.Loaders.InOrderAugmented(images);
            for (int view = 0; view < views; view++)
            {
                foreach (Batch batch in augmented.Epoch(view, 0, context.CancellationToken))
                {
                    using (batch)
                    {
                        _views.Add(batch.Images.alias());
                        Decoded(batch.Count);
                    }
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The images as they are.</summary>
    public FeatureProbe Probe { get; }

    /// <summary>All of them in batches [N, C, H, W].</summary>
    public IReadOnlyList<Tensor> All => [.. Probe.Images, .. _views];

    /// <summary>The most images as they are, and the number that augmented ones make up.</summary>
    /// <param name="resolution">The largest resolution of the networks that are compared, in pixels.</param>
    public static int MostAt(int resolution) => Math.Clamp(PixelsOfMost / (resolution * resolution), Fewest, Most);

    /// <inheritdoc/>
    public void Dispose()
    {
        Probe.Dispose();
        _views.ForEach(images => images.Dispose());
    }
}
