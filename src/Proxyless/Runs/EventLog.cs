using Google.Protobuf;
using Proxyless.Reports;
using Proxyless.TensorBoard;
using Proxyless.Training;
using SkiaSharp;

namespace Proxyless.Runs;

/// <summary>
/// Writes a search or a training as TensorBoard's event files if <see cref="RunOptions.TensorBoard"/> asks for them. If
/// one cannot be written, there is a warning, and no more are written.
/// </summary>
internal sealed class EventLog
{
    private readonly WarningRecorder _observer;
    private string? _folder;
    private EventFile? _file;

    private EventLog(RunContext context, string folder)
    {
        _observer = context.Observer;
        _folder = context.Options.TensorBoard ? folder : null;
    }

    /// <summary>The events of a search.</summary>
    public static EventLog OfSearch(RunContext context, RunDirectory directory) => new(context, directory.SearchEvents);

    /// <summary>The events of a training and of its test.</summary>
    public static EventLog OfTraining(RunContext context, RunDirectory directory) =>
        new(context, directory.TrainingEvents);

    /// <summary>Adds an epoch.</summary>
    public void Add(RunEpoch epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        bool isSearch = epoch.Stage == RunEpoch.SearchStage;
        Write(
            epoch.Step,
            () =>
                [
                    .. Scalar("loss/train", epoch.TrainLoss),
                    .. Scalar("loss/held_out", epoch.ValidationLoss),
                    .. Scalar(isSearch ? "top1/drawn_paths" : "top1/validation", epoch.Top1),
                    .. Scalar("latency_ms/expected", epoch.ExpectedLatencyMs),
                    .. Scalar("latency_ms/limit", epoch.LatencyLimitMs),
                    .. Scalar("entropy", epoch.RelativeEntropy),
                    .. Scalar("learning_rate", epoch.LearningRate),
                    .. Scalar("images_per_second", epoch.ImagesPerSecond),
                ]
        );
    }

    /// <summary>
    /// Adds the end of a run: its accuracy, its latency, confusions, and the worst answers as pictures.
    /// </summary>
    /// <param name="step">The last step of the training.</param>
    /// <param name="accuracy">The accuracy on the test images.</param>
    /// <param name="latencyMs">The latency in milliseconds; null if it is not measured.</param>
    /// <param name="answers">What the model says about images that it was trained without.</param>
    public void Add(long step, TopAccuracy accuracy, double? latencyMs, AnswerReport answers)
    {
        ArgumentNullException.ThrowIfNull(accuracy);
        ArgumentNullException.ThrowIfNull(answers);
        Write(
            step,
            () =>
                [
                    .. Scalar("test/top1", accuracy.Top1),
                    .. Scalar("test/top5", accuracy.Top5),
                    .. Scalar("test/latency_ms", latencyMs),
                    .. Confusion(answers),
                    .. answers.Wrong.SelectMany((wrong, i) => Picture(wrong, i, answers.Classes)),
                ]
        );
    }

    private void Write(long step, Func<IReadOnlyList<Summary.Types.Value>> values)
    {
        if (_folder is null)
        {
            return;
        }

        try
        {
            (_file ??= EventFile.Begin(_folder)).Append(step, values());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _observer.Warning($"no more events for TensorBoard in '{_folder}': {exception.Message}");
            _folder = null;
        }
    }

    private static IEnumerable<Summary.Types.Value> Scalar(string tag, double? value)
    {
        if (value is { } known)
        {
            yield return new Summary.Types.Value { Tag = tag, SimpleValue = (float)known };
        }
    }

    private static IEnumerable<Summary.Types.Value> Confusion(AnswerReport answers)
    {
        int[][] confusion = answers.Confusion();
        int[] order = ConfusionOrder.Of(confusion);
        if (ConfusionPicture.TryDraw(confusion, order) is { } png)
        {
            yield return Image(
                "answers/confusion_matrix",
                png,
                $"About {answers.Images}. A row for each class, a column for each answer, in this order: "
                    + string.Join(", ", order.Select(label => answers.Classes[label]))
            );
        }
    }

    private static IEnumerable<Summary.Types.Value> Picture(PicturedAnswer wrong, int i, IReadOnlyList<string> classes)
    {
        if (wrong.Jpeg is { } jpeg)
        {
            (string image, int label, int answer) = (wrong.Answer.Image, wrong.Answer.Label, wrong.Answer.Answer);
            yield return Image(
                Invariant($"most_confidently_wrong/{i + 1:00}"),
                jpeg,
                Invariant($"{image}: {classes[answer]} ({wrong.Answer.Probability:P0}), labeled {classes[label]}")
            );
        }
    }

    private static Summary.Types.Value Image(string tag, byte[] file, string description)
    {
        SKImageInfo size = SKBitmap.DecodeBounds(file);
        return new Summary.Types.Value
        {
            Tag = tag,
            Image = new Summary.Types.Image
            {
                Height = size.Height,
                Width = size.Width,
                Colorspace = 3,
                EncodedImageString = ByteString.CopyFrom(file),
            },
            Metadata = new SummaryMetadata { SummaryDescription = description },
        };
    }
}
