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
    /// <summary>More images change the choice less than another random draw of them does.</summary>
    public const int Most = 400;

    private readonly List<Tensor> _views = [];

    /// <summary>Decodes the images.</summary>
    /// <param name="context">The context at the resolution of the network.</param>
    /// <param name="images">
    /// The images, up to <see cref="Most"/>; with the augmented ones at least as many, and fewer than twice as many.
    /// </param>
    public NarrowingImages(RunContext context, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(images);
        int views = (Most - 1) / images.Count;
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

    /// <inheritdoc/>
    public void Dispose()
    {
        Probe.Dispose();
        _views.ForEach(images => images.Dispose());
    }
}
