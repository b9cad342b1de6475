using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.TensorBoard;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Proxyless.Training;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.TensorBoard;

/// <summary>The event files of a run hold the numbers of its other files.</summary>
[Collection(nameof(WholeRuns))]
public sealed class RunEventsTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    [Fact]
    public void The_figures_of_the_search_are_those_of_its_log()
    {
        List<EventValue> values = ValuesOf(run.Directory.SearchEvents);
        SearchEpoch epoch = Assert.Single(JsonLines.Read<SearchEpoch>(run.Directory.SearchLog));

        Assert.All(values, value => Assert.Equal(epoch.Step, value.Step));
        Assert.Equal((float)epoch.TrainLoss, Number(values, "loss/train"));
        Assert.Equal((float)epoch.ArchitectureLoss!.Value, Number(values, "loss/held_out"));
        Assert.Equal((float)epoch.TrainTop1, Number(values, "top1/drawn_paths"));
        Assert.Equal((float)epoch.ExpectedCosts["latency"], Number(values, "latency_ms/expected"));
        Assert.Equal((float)run.Result.LatencyLimitMs, Number(values, "latency_ms/limit"));
        Assert.Equal((float)epoch.RelativeEntropy, Number(values, "entropy"));
        Assert.True(Number(values, "images_per_second") > 0);
    }

    [Fact]
    public void The_figures_of_the_training_and_its_test_are_those_of_log_and_result()
    {
        List<EventValue> values = ValuesOf(run.Directory.TrainingEvents);
        TrainingCurvePoint epoch = Assert.Single(JsonLines.Read<TrainingCurvePoint>(run.Directory.TrainingLog));

        Assert.Equal((float)epoch.TrainLoss, Number(values, "loss/train"));
        Assert.Equal((float)epoch.ValidationTop1!.Value, Number(values, "top1/validation"));
        Assert.Equal((float)epoch.LearningRate, Number(values, "learning_rate"));
        Assert.Equal((float)run.Result.Top1, Number(values, "test/top1"));
        Assert.Equal((float)run.Result.LatencyMs, Number(values, "test/latency_ms"));
        Assert.Single(values.Select(value => value.Step).Distinct());
    }

    [Fact]
    public void Confusions_and_the_worst_answers_are_pictures_with_their_names()
    {
        List<EventValue> values = ValuesOf(run.Directory.TrainingEvents);
        EventValue confusion = Assert.Single(values, value => value.Tag == "answers/confusion_matrix");
        Assert.Contains("small", confusion.Description, StringComparison.Ordinal);
        Assert.Contains("dark", confusion.Description, StringComparison.Ordinal);
        EventValue[] worst =
        [
            .. values.Where(value => value.Tag.StartsWith("most_confidently_wrong/", StringComparison.Ordinal)),
        ];
        ImageAnswer[] wrong = [.. JsonLines.Read<ImageAnswer>(run.Directory.Answers).Where(answer => !answer.IsRight)];
        Assert.Equal(Math.Min(12, wrong.Length), worst.Length);
        Assert.All(worst, one => Assert.Contains("labeled", one.Description, StringComparison.Ordinal));
        Assert.All(
            (EventValue[])[confusion, .. worst],
            value =>
            {
                (byte[] file, long height, long width) = value.Image!.Value;
                using SKBitmap picture = SKBitmap.Decode(file);
                Assert.Equal((height, width), ((long)picture.Height, (long)picture.Width));
            }
        );
    }

    [Fact]
    public void Another_training_replaces_the_events_of_the_training_alone()
    {
        string before = Assert.Single(EventFile.FilesIn(run.Directory.SearchEvents));
        using var folder = new TemporaryFolder();
        string copy = folder.Copy(run.Directory.Root, "copy");

        new RunDirectory(copy).RemoveTraining();

        Assert.Empty(EventFile.FilesIn(new RunDirectory(copy).TrainingEvents));
        string kept = Assert.Single(EventFile.FilesIn(new RunDirectory(copy).SearchEvents));
        Assert.Equal(Path.GetFileName(before), Path.GetFileName(kept));
        new RunDirectory(copy).Empty();
        Assert.Empty(EventFile.FilesIn(new RunDirectory(copy).SearchEvents));
    }

    [Fact]
    public void Events_that_cannot_be_written_end_no_run()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun.OptionsIn(folder) with
        {
            Out = Path.Combine(folder.Root, "run"),
            TensorBoard = true,
        };
        ProxylessRun.Search(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        var directory = new RunDirectory(options.Out!);
        Directory.Delete(Path.Combine(directory.Root, "tensorboard"), recursive: true);
        File.WriteAllText(Path.Combine(directory.Root, "tensorboard"), "a file in the place of the folder");
        var observer = new RecordingObserver();

        TrainResult result = ProxylessRun.Train(
            directory.ReadConfig() with
            {
                Training = options.Training,
            },
            directory.Root,
            observer,
            TestContext.Current.CancellationToken
        );

        Assert.True(File.Exists(result.Model));
        Assert.Contains(
            observer.Warnings,
            warning => warning.Contains("no more events for TensorBoard", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_run_that_is_stopped_and_resumed_reports_each_epoch_once_and_adds_files()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun.OptionsIn(folder);
        options = options with
        {
            Out = Path.Combine(folder.Root, "run"),
            TensorBoard = true,
            Search = options.Search with { Epochs = 3, Evaluations = 4, Finalists = 1 },
            Training = options.Training with { Epochs = 3 },
        };
        var epochs = new List<RunEpoch>();
        foreach ((string stage, double share) in (ReadOnlySpan<(string, double)>)[("search", 0.5), ("train", 0.5)])
        {
            using var source = new CancellationTokenSource();
            RunOptions now = epochs.Count == 0 ? options : new RunOptions { Out = options.Out, Resume = true };
            Assert.Throws<RunInterruptedException>(() =>
                ProxylessRun.Run(now, new Epochs(new StopAt(stage, share, source), epochs), source.Token)
            );
        }

        ProxylessRun.Run(
            new RunOptions { Out = options.Out, Resume = true },
            new Epochs(NullRunObserver.Instance, epochs),
            TestContext.Current.CancellationToken
        );

        var directory = new RunDirectory(options.Out);
        Assert.All(epochs, epoch => Assert.Equal(directory.Root, epoch.Run));
        foreach (
            (string stage, string events, int written) in (ReadOnlySpan<(string, string, int)>)
                [
                    (
                        RunEpoch.SearchStage,
                        directory.SearchEvents,
                        JsonLines.Read<SearchEpoch>(directory.SearchLog).Count
                    ),
                    (
                        RunEpoch.TrainingStage,
                        directory.TrainingEvents,
                        JsonLines.Read<TrainingCurvePoint>(directory.TrainingLog).Count
                    ),
                ]
        )
        {
            int[] numbers = [.. epochs.Where(epoch => epoch.Stage == stage).Select(epoch => epoch.Epoch)];
            Assert.Equal(Enumerable.Range(1, written), numbers);
            Assert.True(EventFile.FilesIn(events).Count() > 1, events);
            Assert.Equal(written, ValuesOf(events).Count(value => value.Tag == "loss/train"));
        }
    }

    /// <summary>Keeps the epochs, and passes progress on.</summary>
    private sealed class Epochs(IRunObserver inner, List<RunEpoch> all) : IRunObserver
    {
        public TimeSpan ProgressInterval => inner.ProgressInterval;

        public void Progress(RunProgress progress) => inner.Progress(progress);

        public void EpochEnded(RunEpoch epoch) => all.Add(epoch);

        public void Message(string text) { }

        public void Warning(string text) { }
    }

    private static List<EventValue> ValuesOf(string folder) =>
        [.. EventFile.FilesIn(folder).Order(StringComparer.Ordinal).SelectMany(file => EventReader.Read(file).Values)];

    private static float? Number(List<EventValue> values, string tag) =>
        Assert.Single(values, value => value.Tag == tag).Number;
}
