using Proxyless.Data;

namespace Proxyless.Runs;

/// <summary>The images of a run for quantization-aware training.</summary>
internal sealed class QatImages
{
    // Enough to tell half a point from nothing, and decoded in seconds.
    private const int MostJudged = 2048;

    private readonly RunContext _context;
    private readonly ImageSet _judged;
    private readonly bool _areLearned;

    private QatImages(RunContext context, ImageSet judged, bool areLearned)
    {
        _context = context;
        _judged = judged;
        _areLearned = areLearned;
    }

    /// <summary>The images of a run.</summary>
    /// <param name="context">The run's context.</param>
    public static QatImages Of(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);

        // A training from pretrained weights on few images does not say so in its configuration.
        RunContext trained = context.Options.Training.Weights is null ? context : FineTuneStage.ContextOf(context);
        return new QatImages(context, context.Images.Validation.Spread(MostJudged), trained.Options.Training.OnAll);
    }

    /// <summary>
    /// Labeled images on which the effect of the training is judged: those of validation, which the network may have
    /// learned from.
    /// </summary>
    public IEnumerable<ComparedImage> Judged => QuantizeImages.Read(_context, _judged);

    /// <summary>What they are to the network, for messages.</summary>
    public string JudgedKind => _areLearned ? "training" : "validation";

    /// <summary>Their number, those that cannot be read included.</summary>
    public int JudgedCount => _judged.Count;

    /// <summary>Creates the batches of the training; the caller disposes of it.</summary>
    public BatchLoader Batches() => _context.Loaders.ModelTraining(_context.Images.Training);
}
