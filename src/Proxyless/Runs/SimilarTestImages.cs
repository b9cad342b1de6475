using Proxyless.Data;
using Proxyless.Inference;
using Proxyless.Reports;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Looks for test images that are nearly training images, for the report of a run.</summary>
internal static class SimilarTestImages
{
    // The share of a run's own time that the search may take, and what it may always take; so many images are compared
    // in any time.
    private const double ShareOfRun = 0.01;
    private const int AlwaysCompared = 500;
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(0.5);

    /// <summary>Compares the test images with all training images.</summary>
    /// <param name="context">The run.</param>
    /// <param name="store">Its files, which say how long it took.</param>
    /// <param name="answers">The answers on the test images, by their numbers.</param>
    public static SimilarReport Find(RunContext context, RunStore store, IReadOnlyDictionary<int, ImageAnswer> answers)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(answers);
        PreprocessingRecipe recipe = context.Loaders.EvaluationTransforms.Recipe!;
        (ImageSet test, ImageSet training) = (context.Images.Test, context.Images.AllTraining);
        var share = TimeSpan.FromSeconds(ShareOfRun * (store.Plan.SearchSeconds + store.Plan.TrainSeconds));
        var found = SimilarImages.Find(
            test,
            training,
            recipe,
            context.Threads,
            test.Count + training.Count <= AlwaysCompared ? TimeSpan.MaxValue
                : share > LeastTime ? share
                : LeastTime,
            context.Observer,
            context.CancellationToken
        );
        HashSet<int> similar = [.. found.Pairs.Select(pair => pair.Image)];
        return new SimilarReport
        {
            Similar = similar.Count,
            Pairs =
            [
                .. found
                    .Pairs.Take(SimilarReport.Pictured)
                    .Select(pair => new SimilarPair(
                        AnswerPictures.Located(context, test.Name(pair.Image)),
                        Thumbnail.Of(test, pair.Image, recipe),
                        AnswerPictures.Located(context, training.Name(pair.Other)),
                        Thumbnail.Of(training, pair.Other, recipe),
                        pair.Correlation,
                        test.Label(pair.Image) != training.Label(pair.Other)
                    )),
            ],
            Images = found.Images,
            Others = found.Others,
            IsPart = found.IsPart,
            Rest = [.. answers.Where(answer => !similar.Contains(answer.Key)).Select(answer => answer.Value)],
        };
    }
}
