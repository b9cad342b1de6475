using Proxyless.Data;
using Proxyless.Inference;
using Proxyless.Reports;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// Collects what a model says about labeled images for its report, with pictures of the most telling ones.
/// </summary>
internal static class AnswerPictures
{
    /// <summary>Collects it.</summary>
    /// <param name="context">The run.</param>
    /// <param name="groups">
    /// Sets of images that share no image, and the answers by the image's number in the set, each by a network that was
    /// trained without the image.
    /// </param>
    /// <param name="images">Which images these are.</param>
    public static AnswerReport Of(
        RunContext context,
        IReadOnlyList<(ImageSet Set, IReadOnlyDictionary<int, ImageAnswer> Answers)> groups,
        string images
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(groups);
        PreprocessingRecipe recipe = context.Loaders.EvaluationTransforms.Recipe!;
        (ImageSet Set, int Position, ImageAnswer Answer)[] all =
        [
            .. groups.SelectMany(group =>
                group
                    .Answers.OrderBy(answer => answer.Key)
                    .Select(answer =>
                        (group.Set, answer.Key, answer.Value with { Image = Located(context, answer.Value.Image) })
                    )
            ),
        ];
        ImageAnswer[] answers = [.. all.Select(one => one.Answer)];
        PicturedAnswer Picture(int i) => new(answers[i], Thumbnail.Of(all[i].Set, all[i].Position, recipe));
        return new AnswerReport
        {
            Classes = context.Images.Classes,
            TrainingImages = context.Loaders.FinalImages.ClassCounts(),
            Answers = answers,
            Images = images,
            Wrong = [.. AnswerReport.MostConfidentlyWrong(answers).Select(Picture)],
            Uncertain = [.. AnswerReport.LeastCertain(answers).Select(Picture)],
        };
    }

    /// <summary>Names an image relative to the folder of the images, where it is in it.</summary>
    /// <param name="context">The run.</param>
    /// <param name="image">The name of the image in its set.</param>
    public static string Located(RunContext context, string image)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(image);
        string root = Path.TrimEndingDirectorySeparator(context.Options.Data.Path) + Path.DirectorySeparatorChar;
        return image.StartsWith(root, StringComparison.Ordinal) ? image[root.Length..] : image;
    }
}
