using Proxyless.Data;

namespace Proxyless.Runs;

/// <summary>The images of a run for quantization-aware training.</summary>
internal sealed class QatImages
{
    // Enough to tell half a point from nothing, and decoded in seconds.
    private const int MostJudged = 2048;

    private readonly RunContext _context;
    private readonly ImageSet _judged;

    private QatImages(RunContext context, ImageSet judged)
    {
        _context = context;
        _judged = judged;
    }

    /// <summary>The images of a run.</summary>
    /// <param name="context">The run's context.</param>
    public static QatImages Of(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new QatImages(context, context.Images.Validation.Spread(MostJudged));
    }

    /// <summary>Labeled images on which the effect of the training is judged: those of validation.</summary>
    public IEnumerable<ComparedImage> Judged => QuantizeImages.Read(_context, _judged);

    /// <summary>Their number, those that cannot be read included.</summary>
    public int JudgedCount => _judged.Count;

    /// <summary>Creates the batches of the training; the caller disposes of it.</summary>
    public BatchLoader Batches() => _context.Loaders.ModelTraining(_context.Images.Training);
}
