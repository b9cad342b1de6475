using System.Diagnostics;
using System.Text.Json;
using Proxyless.Data;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Photos that can be read are answered, whatever stands beside them.</summary>
[Collection(nameof(WholeRuns))]
public sealed class PredictionTests(FinishedRun run) : IClassFixture<FinishedRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_photo_that_cannot_be_read_does_not_keep_the_others_from_their_answers()
    {
        string good = _folder.Add("a.png", TestPictures.Noise(1, 40, 30));
        string broken = _folder.Add("b.jpg", [1, 2, 3]);
        string empty = _folder.Add("c.png", []);
        string missing = Path.Combine(_folder.Root, "d.png");
        CommandLineRun text = CommandLineRun.Of(
            "predict",
            "--model",
            run.Options.Out!,
            good,
            broken,
            empty,
            missing,
            good
        );
        Assert.Equal(1, text.ExitCode);
        Assert.Equal(3, text.Error.Split('\n').Count(line => line.StartsWith("error: ", StringComparison.Ordinal)));
        Assert.Equal(2, text.Output.Split("small ").Length - 1);

        CommandLineRun json = CommandLineRun.Of(
            "predict",
            "--model",
            run.Options.Out!,
            "--json",
            good,
            broken,
            empty,
            missing
        );
        Assert.Equal(1, json.ExitCode);
        JsonElement[] entries =
        [
            .. JsonDocument.Parse(json.Output).RootElement.GetProperty("predictions").EnumerateArray(),
        ];
        Assert.Equal([good, broken, empty, missing], entries.Select(entry => entry.GetProperty("image").GetString()));
        Assert.False(entries[0].TryGetProperty("error", out _));
        Assert.Equal(2, entries[0].GetProperty("classes").GetArrayLength());
        Assert.All(
            entries.Skip(1).Zip([broken, empty, missing]),
            pair =>
            {
                Assert.Contains(pair.Second, pair.First.GetProperty("error").GetString(), StringComparison.Ordinal);
                Assert.Equal(0, pair.First.GetProperty("classes").GetArrayLength());
            }
        );
    }

    [Fact]
    public void Where_nothing_can_be_read_the_input_is_bad()
    {
        string broken = _folder.Add("b.jpg", [1, 2, 3]);
        CommandLineRun text = CommandLineRun.Of("predict", "--model", run.Options.Out!, broken);
        Assert.Equal(2, text.ExitCode);
        Assert.Contains(broken, text.Error, StringComparison.Ordinal);
        Assert.Empty(text.Output);
    }

    [Fact]
    public void A_model_whose_scores_are_not_finite_is_refused()
    {
        string model = _folder.Add("damaged.onnx", FinishedRun.WithDamagedWeights(run.Result.Model));
        string photo = _folder.Add("a.png", TestPictures.Noise(1, 40, 30));
        CommandLineRun text = CommandLineRun.Of("predict", "--model", model, photo);
        CommandLineRun json = CommandLineRun.Of("predict", "--model", model, "--json", photo);
        Assert.All(
            [text, json],
            predicted =>
            {
                Assert.Equal(2, predicted.ExitCode);
                Assert.Empty(predicted.Output);
                Assert.Contains($"'{model}': its scores are not finite", predicted.Error, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Folders_are_walked_and_hidden_files_and_those_of_photo_servers_passed_over()
    {
        foreach (
            string name in (string[])
                [
                    "photos/b.png",
                    "photos/a.jpg",
                    "photos/within/c.png",
                    "photos/.hidden.png",
                    "photos/.trash/d.png",
                    "photos/@eaDir/a.jpg/SYNOPHOTO_THUMB_M.png",
                    "photos/within/#recycle/e.png",
                    "photos/$RECYCLE.BIN/f.png",
                    "photos/notes.txt",
                ]
        )
        {
            _folder.Add(name, TestPictures.Noise(name.Length, 32, 32));
        }

        Directory.CreateDirectory(Path.Combine(_folder.Root, "empty"));
        string photos = Path.Combine(_folder.Root, "photos");
        IReadOnlyList<Prediction> predictions = ProxylessRun.Predict(
            run.Options.Out!,
            [photos, Path.Combine(_folder.Root, "empty")],
            1,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(
            ["a.jpg", "b.png", Path.Combine("within", "c.png"), Path.Combine("..", "empty")],
            predictions.Select(prediction => Path.GetRelativePath(photos, prediction.Image))
        );
        Assert.All(predictions.Take(3), prediction => Assert.Null(prediction.Error));
        Assert.Contains("holds no", predictions[3].Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_no_photos_are_counted_but_for_those_that_systems_create()
    {
        _folder.Add("photos/a.png", TestPictures.Noise(1, 32, 32));
        foreach (string name in (string[])["b.heic", "c.TIFF", "within/d.avif", ".hidden.heic", "within/Thumbs.db"])
        {
            _folder.Add($"photos/{name}", [1, 2, 3]);
        }

        string photos = Path.Combine(_folder.Root, "photos");
        var observer = new RecordingObserver();
        Assert.Null(Assert.Single(Predict(photos, observer)).Error);
        Assert.Equal(
            [$"{photos}: files ignored because they are not JPEG, PNG, WebP, BMP or GIF: 3."],
            observer.Warnings
        );
    }

    [Fact]
    public void Linked_folders_are_walked_once_and_circles_end()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        _folder.Add("photos/a.png", TestPictures.Noise(1, 32, 32));
        _folder.Add("photos/within/b.png", TestPictures.Noise(2, 32, 32));
        _folder.Add("pool/c.png", TestPictures.Noise(3, 32, 32));
        _folder.Add("pool/d.heic", [1, 2, 3]);
        string photos = Path.Combine(_folder.Root, "photos");
        foreach (
            (string link, string target) in ((string, string)[])
                [
                    ("photos/first", "../pool"),
                    ("photos/second", "../pool"),
                    ("photos/again", "within"),
                    ("photos/circle", "."),
                    ("photos/within/up", "../.."),
                    ("pool/back", photos),
                ]
        )
        {
            Directory.CreateSymbolicLink(Path.Combine(_folder.Root, link), target);
        }

        var observer = new RecordingObserver();
        Assert.Equal(
            ["a.png", Path.Combine("first", "c.png"), Path.Combine("within", "b.png")],
            Predict(photos, observer).Select(prediction => Path.GetRelativePath(photos, prediction.Image))
        );
        Assert.EndsWith(": 1.", Assert.Single(observer.Warnings), StringComparison.Ordinal);
    }

    private IReadOnlyList<Prediction> Predict(string folder, IRunObserver observer) =>
        ProxylessRun.Predict(
            run.Options.Out!,
            [folder],
            1,
            DatasetOptions.DefaultMaxPixels,
            observer,
            TestContext.Current.CancellationToken
        );

    [Fact]
    public void A_photo_behind_a_relative_link_in_a_linked_folder_is_answered()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        _folder.Add("pool/store/cat.png", TestPictures.Noise(1, 40, 30));
        Directory.CreateDirectory(Path.Combine(_folder.Root, "pool", "real", "cat"));
        File.CreateSymbolicLink(Path.Combine(_folder.Root, "pool", "real", "cat", "0.png"), "../../store/cat.png");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Root, "photos"), "pool/real");
        string folder = Path.Combine(_folder.Root, "photos", "cat");
        IReadOnlyList<Prediction> predictions = ProxylessRun.Predict(
            run.Options.Out!,
            [Path.Combine(folder, "0.png"), folder],
            1,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(2, predictions.Count);
        Assert.All(predictions, prediction => Assert.Null(prediction.Error));
    }

    [Fact]
    public void A_folder_that_cannot_be_listed_does_not_keep_the_others_from_their_answers()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "paths have no such end there");

        // Deeper than a path may be long, which not even a privileged process can list.
        string good = _folder.Add("photos/z/good.png", TestPictures.Noise(1, 40, 30));
        string deep = Directory.CreateDirectory(Path.Combine(_folder.Root, "photos", "deep")).FullName;
        string name = new('d', 200);
        Shell(deep, $"for i in $(seq 30); do mkdir {name} && cd -P {name} || exit 1; done");
        try
        {
            IReadOnlyList<Prediction> predictions = ProxylessRun.Predict(
                run.Options.Out!,
                [Path.Combine(_folder.Root, "photos")],
                1,
                TestContext.Current.CancellationToken
            );
            Assert.Equal(2, predictions.Count);
            Prediction answer = Assert.Single(predictions, prediction => prediction.Error is null);
            Assert.Equal(good, answer.Image);
            Prediction unlisted = Assert.Single(predictions, prediction => prediction.Error is not null);
            Assert.Contains("cannot be listed", unlisted.Error, StringComparison.Ordinal);
        }
        finally
        {
            Shell(_folder.Root, "rm -rf photos/deep");
        }
    }

    private static void Shell(string folder, string script)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = folder }
        )!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void What_is_no_file_is_never_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "pipes are no files there");
        string pipe = _folder.AddPipe("pipe.png");
        File.CreateSymbolicLink(Path.Combine(_folder.Root, "link.png"), pipe);
        string good = _folder.Add("good.png", TestPictures.Noise(1, 40, 30));
        IReadOnlyList<Prediction> predictions = ProxylessRun.Predict(
            run.Options.Out!,
            [pipe, _folder.Root, "/dev/zero"],
            1,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(
            [good],
            predictions.Where(prediction => prediction.Error is null).Select(prediction => prediction.Image)
        );
        Assert.Equal(4, predictions.Count(prediction => prediction.Error is not null));
    }
}
