using Proxyless.Data;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Whole runs on photographs: files of different sizes, which are read again for each batch.</summary>
[Collection(nameof(WholeRuns))]
public sealed class PhotoRunTests : IDisposable
{
    private const int ImagesOfAClass = 20;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Photos => Path.Combine(_folder.Root, "photos");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_whose_folder_lies_among_the_images_is_followed_by_others_on_the_same_images()
    {
        AddClass("cat", 0);
        AddClass("dog", 100);
        string first = Path.Combine(Photos, "runs", "first");
        string second = Path.Combine(Photos, "dog", "second");
        Run(Options(first));
        Run(Options(second));
        Assert.Equal(
            RunPlan.Read(new RunDirectory(first)).DataFingerprint,
            RunPlan.Read(new RunDirectory(second)).DataFingerprint
        );
        EvaluateResult result = ProxylessRun.Evaluate(
            first,
            RunConfigFile.Read(new RunDirectory(first).Config),
            againstNetwork: true,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(["cat", "dog"], result.Classes);
        Assert.Equal(6, result.Images);
    }

    [Fact]
    public void Any_name_of_a_folder_is_a_class_from_the_first_command_to_the_last()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such names there");
        string[] names =
        [
            "  ",
            "\"quoted\"",
            "'single'",
            "-",
            "--data",
            "1e3",
            "[red]",
            "a: b, #c",
            "caf\u00e9",
            "null",
            "yes",
            "{x}",
            "~",
            "\u732b",
        ];
        for (int i = 0; i < names.Length; i++)
        {
            AddClass(names[i], 100 * i, count: 4);
        }

        string run = Path.Combine(_folder.Root, "run");
        RunResult result = Run(Options(run));
        var directory = new RunDirectory(run);
        Assert.Equal(
            names.Order(StringComparer.Ordinal),
            File.ReadAllText(directory.Labels).Split('\n')[..^1].Order(StringComparer.Ordinal)
        );
        CommandLineRun evaluated = CommandLineRun.Of("evaluate", "--model", run);
        Assert.Equal((0, ""), (evaluated.ExitCode, evaluated.ExitCode == 0 ? "" : evaluated.Error));
        CommandLineRun fromModel = CommandLineRun.Of("evaluate", "--model", result.Model, "--data", Photos);
        Assert.Equal((0, ""), (fromModel.ExitCode, fromModel.ExitCode == 0 ? "" : fromModel.Error));

        // As a Mac writes the same name.
        Directory.Move(Path.Combine(Photos, "caf\u00e9"), Path.Combine(Photos, "cafe\u0301"));
        CommandLineRun otherwiseCoded = CommandLineRun.Of("evaluate", "--model", run);
        Assert.Equal(0, otherwiseCoded.ExitCode);
        Assert.Equal(WordsBeforeLatency(evaluated), WordsBeforeLatency(otherwiseCoded));
        string photo = Directory.GetFiles(Path.Combine(Photos, "null"))[0];
        CommandLineRun predicted = CommandLineRun.Of("predict", "--model", run, "--top", "20", "--", photo);
        Assert.Equal((0, ""), (predicted.ExitCode, predicted.ExitCode == 0 ? "" : predicted.Error));
        Prediction prediction = Assert.Single(ProxylessRun.Predict(run, [photo], names.Length, Cancellation));
        Assert.Equal(
            names.Order(StringComparer.Ordinal),
            prediction.Classes.Select(one => one.Class).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void An_image_that_is_damaged_when_it_is_judged_is_not_counted()
    {
        AddClass("cat", 0);
        AddClass("dog", 100);
        var options = Options(Path.Combine(_folder.Root, "run"));
        RunResult result = Run(options);
        var observer = new RecordingObserver();
        var context = RunContext.Open(options with { Resume = true }, observer, Cancellation);
        File.WriteAllBytes(context.Images.Test.Name(0), [1, 2, 3]);
        using BatchLoader batches = context.Loaders.Model(context.Images.Test);
        EvaluateStage.Judgment judged = EvaluateStage.Judge(
            result.Model,
            null,
            batches,
            context.Images.Test,
            1,
            observer,
            Cancellation
        );
        Assert.Equal(context.Images.Test.Count - 1, judged.Accuracy.Images);
        Assert.Equal(context.Images.Test.Count - 1, judged.Confusion.Sum(row => row.Sum()));
        Assert.DoesNotContain(0, judged.Answers.Keys);
    }

    [Fact]
    public void A_photo_of_more_pixels_than_allowed_is_not_predicted()
    {
        AddClass("cat", 0);
        AddClass("dog", 100);
        string run = Path.Combine(_folder.Root, "run");
        Run(Options(run));
        string photo = Path.Combine(Photos, "cat", "0.jpg");
        Assert.Equal(0, CommandLineRun.Of("predict", "--model", run, photo, "--max-pixels", "2000").ExitCode);
        CommandLineRun refused = CommandLineRun.Of("predict", "--model", run, photo, "--max-pixels", "1999");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--max-pixels 2000", refused.Error, StringComparison.Ordinal);

        // Control characters in a name are shown, not sent to the terminal.
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no name has such characters there");
        string odd = Path.Combine(Photos, "cat", "esc\u001B[31m\nred.jpg");
        File.Copy(photo, odd);
        CommandLineRun two = CommandLineRun.Of("predict", "--model", run, photo, odd, odd + "x");
        Assert.Contains("esc\\u001B[31m\\u000Ared.jpg", two.Output, StringComparison.Ordinal);
        Assert.Contains("esc\\u001B[31m\\u000Ared.jpgx: there is no such file", two.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001B', two.Output + two.Error);
    }

    [Theory]
    [InlineData("search")]
    [InlineData("train")]
    public void A_strict_run_that_an_image_stops_goes_on_once_the_image_is_restored(string stage)
    {
        AddClass("cat", 0);
        AddClass("dog", 100);
        RunOptions options = Options(Path.Combine(_folder.Root, "run"))
            .WithData(data => data with { Strict = true })
            .WithSearch(search => search with { Epochs = 3 })
            .WithTraining(training => training with { Epochs = 3 });
        string[] photos =
        [
            .. Directory.GetFiles(Photos, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
        ];
        byte[][] contents = [.. photos.Select(File.ReadAllBytes)];
        var damage = new AtStage(stage, () => Array.ForEach(photos, photo => File.WriteAllBytes(photo, [1, 2, 3])));

        // What the message advises is what is done: the run is not begun anew, and no image is removed.
        string message = Assert
            .Throws<InvalidInputException>(() => ProxylessRun.Run(options, damage, Cancellation))
            .Message;
        Assert.Contains(Photos, message, StringComparison.Ordinal);
        Assert.Contains("RunOptions.Resume", message, StringComparison.Ordinal);
        Assert.Contains("estore", message, StringComparison.Ordinal);
        CommandLineRun tooEarly = CommandLineRun.Of("run", "--out", options.Out!, "--resume");
        Assert.Equal(2, tooEarly.ExitCode);
        Assert.Contains("Restore them", tooEarly.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("emove them", tooEarly.Error, StringComparison.Ordinal);
        for (int i = 0; i < photos.Length; i++)
        {
            File.WriteAllBytes(photos[i], contents[i]);
        }

        CommandLineRun resumed = CommandLineRun.Of("run", "--out", options.Out!, "--resume");
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.ExitCode == 0 ? "" : resumed.Error));
    }

    [Fact]
    public void A_strict_run_that_is_refused_begins_once_its_advice_is_followed()
    {
        AddClass("cat", 0);
        AddClass("dog", 100);
        string bad = _folder.Add("photos/cat/bad.jpg", [1, 2, 3]);
        RunOptions options = Options(Path.Combine(_folder.Root, "run")).WithData(data => data with { Strict = true });
        string message = Assert.Throws<InvalidInputException>(() => Run(options)).Message;
        Assert.Contains("bad.jpg", message, StringComparison.Ordinal);
        Assert.Contains("leave DatasetOptions.Strict out", message, StringComparison.Ordinal);
        Run(options with { Data = options.Data with { Strict = false }, Out = Path.Combine(_folder.Root, "lenient") });
        Assert.Contains("remove them", message, StringComparison.Ordinal);
        File.Delete(bad);
        Run(options);
    }

    private RunOptions Options(string run) =>
        new()
        {
            Data = new() { Path = Photos, Resolution = 32 },
            Out = run,
            Search = new() { Space = "tiny", Epochs = 1 },
            Training = new() { BatchSize = 8, Epochs = 1 },
            Threads = 1,
        };

    private static RunResult Run(RunOptions options) =>
        ProxylessRun.Run(options, NullRunObserver.Instance, Cancellation);

    private void AddClass(string name, int firstSeed, int count = ImagesOfAClass)
    {
        for (int i = 0; i < count; i++)
        {
            _folder.Add(
                Path.Combine("photos", name, $"{i}.jpg"),
                TestPictures.Noise(firstSeed + i, 40 + i, 50 - i, SKEncodedImageFormat.Jpeg)
            );
        }
    }

    /// <summary>
    /// What a command says of accuracy. How far a table's cells are filled up depends on the measured latency below.
    /// </summary>
    private static string[] WordsBeforeLatency(CommandLineRun run) =>
        run.Output.Split("latency")[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Does something once, when a stage has begun.</summary>
    private sealed class AtStage(string stage, Action act) : IRunObserver
    {
        private bool _done;

        public TimeSpan ProgressInterval => TimeSpan.Zero;

        public void Progress(RunProgress progress)
        {
            if (progress.Stage == stage && !_done)
            {
                _done = true;
                act();
            }
        }

        public void Message(string text) { }

        public void Warning(string text) { }
    }
}
