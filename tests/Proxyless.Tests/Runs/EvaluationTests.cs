using System.Text.Json;
using Google.Protobuf;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Export.Onnx;
using Proxyless.Inference;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>A model is judged on whatever labeled images there are.</summary>
[Collection(nameof(WholeRuns))]
public sealed class EvaluationTests(FinishedRun run) : IClassFixture<FinishedRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_lacks_a_class_is_judged_on_what_it_has()
    {
        Add("photos/small", 1);
        var observer = new RecordingObserver();
        EvaluateResult result = Evaluate("photos", observer, againstNetwork: true);
        Assert.Equal(1, result.Images);
        Assert.Equal(["dark", "small"], result.Classes);
        Assert.Equal(0, result.Confusion[0].Sum());
        Assert.Equal(1, result.Confusion[1].Sum());
        Assert.Equal(result.Confusion[1][1], result.Top1);
        Assert.Equal(1, result.NetworkAgreement);
        Assert.Contains(
            observer.Messages,
            message => message.Contains("no images of 1 of the model's 2 classes: dark", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(observer.Warnings, warning => warning.Contains("train", StringComparison.Ordinal));
    }

    /// <summary>Another name is no proof of other images.</summary>
    [Fact]
    public void Images_that_the_model_may_have_been_trained_on_are_judged_with_a_warning()
    {
        Add("photos/small", 1);
        Add("photos/dark", 2);
        var observer = new RecordingObserver();
        Assert.Equal(3, Evaluate("photos", observer).Images);
        Assert.Contains(
            observer.Warnings,
            warning => warning.Contains("the accuracy is too high", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("test/dark", "test/small")]
    [InlineData("test/small")]
    [InlineData("val/small")]
    public void A_folder_of_one_split_is_judged(params string[] classes)
    {
        foreach (string name in classes)
        {
            Add($"photos/{name}", 2);
        }

        Assert.Equal(2 * classes.Length, Evaluate("photos").Images);
    }

    [Fact]
    public void The_test_images_are_judged_where_there_are_others_too()
    {
        Add("photos/train/small", 5);
        Add("photos/train/other", 5);
        Add("photos/test/small", 3);
        Assert.Equal(3, Evaluate("photos").Images);
    }

    [Theory]
    [InlineData("val")]
    [InlineData("validation")]
    public void Of_other_images_without_a_test_the_val_is_judged_and_named(string validation)
    {
        Add("whole/train/dark", 6);
        Add("whole/train/small", 6);
        Add($"whole/{validation}/dark", 2);
        Add($"whole/{validation}/small", 3);
        var observer = new RecordingObserver();
        Assert.Equal(5, Evaluate("whole", observer).Images);
        Assert.Contains(
            observer.Warnings,
            warning => warning.Contains($"the 5 images of its {validation}/ are evaluated", StringComparison.Ordinal)
        );

        Add("part/train/small", 6);
        Add($"part/{validation}/small", 3);
        Assert.Equal(3, Evaluate("part", observer).Images);
        Assert.Contains(
            observer.Messages,
            message => message.Contains($"the 3 images of its {validation}/ are evaluated", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Folders_beside_the_split_that_is_judged_are_told()
    {
        Add("photos/train/small", 6);
        Add("photos/Testing/small", 3);
        var observer = new RecordingObserver();
        Assert.Equal(6, Evaluate("photos", observer).Images);
        Assert.Contains(
            observer.Warnings,
            warning => warning.Contains("Testing beside train/ is not used", StringComparison.Ordinal)
        );
    }

    /// <summary>The images of val/ have chosen the checkpoint.</summary>
    [Fact]
    public void Images_that_the_model_never_saw_are_judged_also_where_a_val_lacks_a_class()
    {
        foreach ((int label, string name) in ((string[])["a", "b", "c"]).Index())
        {
            for (int i = 0; i < 20; i++)
            {
                string split = i < 16 || name == "c" ? "train" : "val";
                _folder.Add(
                    Path.Combine("divided", split, name, $"{i}.png"),
                    TestPictures.Noise((100 * label) + i, 32, 32)
                );
            }
        }

        var context = RunContext.Open(
            new RunOptions
            {
                Data = new() { Path = Path.Combine(_folder.Root, "divided"), TestShare = 0.25 },
                Search = new() { Space = "tiny" },
            },
            NullRunObserver.Instance,
            Cancellation
        );
        IReadOnlyList<int> unseen = ModelImages
            .Of(context)
            .UnseenOf(
                RunContext.DatasetOptionsOf(context.Options),
                context.Images.Classes,
                [],
                NullRunObserver.Instance,
                Cancellation
            )
            .ClassCounts();
        Assert.Equal(context.Images.Test.ClassCounts(), unseen);
        Assert.All(unseen, count => Assert.InRange(count, 1, 5));
    }

    [Fact]
    public void Images_that_were_too_large_for_the_training_make_no_other_images_of_the_rest()
    {
        Add("mixed/dark", 20);
        Add("mixed/small", 20);
        _folder.Add("mixed/small/large.png", TestPictures.Noise(1, 40, 40));
        string folder = Path.Combine(_folder.Root, "mixed");
        var context = RunContext.Open(
            new RunOptions
            {
                Data = new() { Path = folder, MaxPixels = 32 * 32 },
                Search = new() { Space = "tiny" },
            },
            NullRunObserver.Instance,
            Cancellation
        );
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(run.Result.Model));
        foreach ((string key, string value) in ModelImages.Of(context).ToMetadata())
        {
            proto.MetadataProps.Single(entry => entry.Key == NetworkExporter.ProvenancePrefix + key).Value = value;
        }

        var observer = new RecordingObserver();
        EvaluateResult result = ProxylessRun.Evaluate(
            _folder.Add("mixed.onnx", proto.ToByteArray()),
            new RunOptions
            {
                Data = new() { Path = folder },
                Target = run.Options.Target,
            },
            againstNetwork: false,
            observer,
            Cancellation
        );
        Assert.Equal(context.Images.Test.Count, result.Images);
        Assert.DoesNotContain(
            observer.Warnings,
            warning => warning.Contains("the accuracy is too high", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Classes_are_known_by_name_and_not_by_their_order()
    {
        // The images of the test set, first as a folder, then as files that number the classes the other way round.
        Add("photos/dark", 4);
        Add("photos/small", 4);
        int[][] confusion = [.. Evaluate("photos").Confusion];
        string idx = AddIdx("idx", ["small", "dark"], Path.Combine(_folder.Root, "photos"));
        EvaluateResult result = Evaluate(idx);
        Assert.Equal(8, result.Images);
        Assert.Equal(4, result.Confusion[0].Sum());
        Assert.Equal(4, result.Confusion[1].Sum());
        Assert.Equal(confusion.Select(row => row.Sum()), result.Confusion.Select(row => row.Sum()));

        // A class alone tells the two apart.
        string one = AddIdx("one", ["small", "dark"], Path.Combine(_folder.Root, "photos"), images: 4);
        Assert.Equal(4, Evaluate(one).Confusion[1].Sum());
    }

    [Fact]
    public void Classes_that_the_model_lacks_are_refused_by_name()
    {
        Add("photos/darl", 2);
        Add("photos/horse", 2);
        Add("photos/small", 2);
        Directory.CreateDirectory(Path.Combine(_folder.Root, "photos", "empty"));
        string message = Assert.Throws<InvalidInputException>(() => Evaluate("photos")).Message;
        Assert.Contains(
            "'darl' (did you mean 'dark'?), 'horse'; the model's are dark, small",
            message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("empty", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Training")]
    [InlineData("VALIDATION")]
    public void Splits_under_other_names_are_said_to_be_none(string split)
    {
        Add($"photos/{split}/small", 2);
        Assert.Contains(
            "splits are named test, train and val",
            Assert.Throws<InvalidInputException>(() => Evaluate("photos")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_model_file_that_is_not_of_the_built_in_images_asks_for_others()
    {
        CommandLineRun refused = CommandLineRun.Of("evaluate", "--model", run.Result.Model);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("give others with --data", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Rename", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_in_what_a_model_says_are_shown_and_not_sent_to_the_terminal()
    {
        const string Odd = "esc\u001B[31m\nred";
        string With(string key, string value)
        {
            var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(run.Result.Model));
            proto.MetadataProps.Single(entry => entry.Key == key).Value = value;
            return _folder.Add($"{key}.onnx", proto.ToByteArray());
        }

        string classes = With(NetworkExporter.ClassesKey, JsonSerializer.Serialize((string[])["dark", Odd]));
        string data = With(NetworkExporter.ProvenancePrefix + "data", Odd);
        Add("one/dark", 1);
        Add("both/dark", 1);
        Add("both/small", 1);
        Add("unknown/cat", 1);
        CommandLineRun Evaluated(string model, string folder) =>
            CommandLineRun.Of(
                "evaluate",
                "--model",
                model,
                "--data",
                Path.Combine(_folder.Root, folder),
                "--target",
                run.Options.Target.Name
            );
        string photo = Path.Combine(_folder.Root, "one", "dark", "0.png");
        CommandLineRun predicted = CommandLineRun.Of("predict", "--model", classes, photo);
        CommandLineRun evaluated = Evaluated(classes, "one");
        CommandLineRun warned = Evaluated(data, "both");
        CommandLineRun refused = Evaluated(classes, "unknown");
        Assert.Equal((0, 0, 0, 2), (predicted.ExitCode, evaluated.ExitCode, warned.ExitCode, refused.ExitCode));
        Assert.All(
            (string[])[predicted.Output, evaluated.Output, evaluated.Error, warned.Error, refused.Error],
            text => Assert.Contains("esc\\u001B[31m\\u000Ared", text, StringComparison.Ordinal)
        );
        Assert.All(
            (CommandLineRun[])[predicted, evaluated, warned, refused],
            one => Assert.DoesNotContain('\u001B', one.Output + one.Error)
        );
    }

    [Fact]
    public void A_folder_without_classes_or_without_images_is_refused_with_the_reason()
    {
        _folder.Add("loose/1.png", TestPictures.Noise(1));
        Assert.Contains(
            "in no folder of a class",
            Assert.Throws<InvalidInputException>(() => Evaluate("loose")).Message,
            StringComparison.Ordinal
        );
        _folder.Add("test-alone/test/1.png", TestPictures.Noise(1));
        Assert.Contains(
            "in no folder of a class",
            Assert.Throws<InvalidInputException>(() => Evaluate("test-alone")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "does not exist",
            Assert.Throws<InvalidInputException>(() => Evaluate("nowhere")).Message,
            StringComparison.Ordinal
        );
        Directory.CreateDirectory(Path.Combine(_folder.Root, "empty", "dark"));
        Assert.Contains(
            "holds no images",
            Assert.Throws<InvalidInputException>(() => Evaluate("empty")).Message,
            StringComparison.Ordinal
        );
        _folder.Add("damaged/dark/1.png", [1, 2, 3]);
        Assert.Contains(
            "no readable image",
            Assert.Throws<InvalidInputException>(() => Evaluate("damaged")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_model_whose_scores_are_not_finite_is_refused()
    {
        string damaged = _folder.Add("damaged.onnx", FinishedRun.WithDamagedWeights(run.Result.Model));
        Add("photos/small", 2);
        string[] images = ["--data", Path.Combine(_folder.Root, "photos"), "--target", run.Options.Target.Name];
        CommandLineRun alone = CommandLineRun.Of(["evaluate", "--model", damaged, .. images]);
        CommandLineRun compared = CommandLineRun.Of([
            "evaluate",
            "--model",
            run.Result.Model,
            "--against",
            damaged,
            "--json",
            .. images,
        ]);
        Assert.All(
            [alone, compared],
            evaluated =>
            {
                Assert.Equal(2, evaluated.ExitCode);
                Assert.Empty(evaluated.Output);
                Assert.Contains($"'{damaged}': its scores are not finite", evaluated.Error, StringComparison.Ordinal);
            }
        );
    }

    /// <summary>That the model's scores are not finite would be found out with the first image.</summary>
    [Fact]
    public void A_target_that_cannot_be_used_is_found_out_before_the_images_are_evaluated()
    {
        string damaged = _folder.Add("damaged.onnx", FinishedRun.WithDamagedWeights(run.Result.Model));
        string target = _folder.Add(
            "board.yaml",
            "kind: command\ncommand: [no-such-program, '{model}']\npattern: '([0-9.]+) ms'\n"u8.ToArray()
        );
        Add("photos/small", 2);
        CommandLineRun evaluated = CommandLineRun.Of(
            "evaluate",
            "--model",
            damaged,
            "--data",
            Path.Combine(_folder.Root, "photos"),
            "--target",
            target,
            "--json"
        );
        Assert.Equal(2, evaluated.ExitCode);
        Assert.Contains("'no-such-program' cannot be started", evaluated.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("not finite", evaluated.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreadable_image_is_told_and_left_out()
    {
        Add("photos/small", 2);
        _folder.Add("photos/small/broken.png", [1, 2, 3]);
        var observer = new RecordingObserver();
        Assert.Equal(2, Evaluate("photos", observer).Images);
        Assert.Contains(observer.Warnings, warning => warning.Contains("broken.png", StringComparison.Ordinal));
    }

    [Fact]
    public void Images_beside_the_folders_of_classes_are_told()
    {
        Add("photos/small", 2);
        Add("photos", 1);
        var observer = new RecordingObserver();
        Assert.Equal(2, Evaluate("photos", observer).Images);
        Assert.Contains(
            observer.Warnings,
            warning => warning.EndsWith("in no folder of a class: 1.", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_model_says_the_accuracy_of_its_own_weights()
    {
        string best = SafeTensorsFile.Read(run.Directory.BestCheckpoint).Metadata["validation_top1"];
        using OnnxClassifier model = OnnxClassifier.Load(run.Result.Model, 1);
        Assert.Equal(best, model.Metadata["provenance.validation_top1"]);
        IReadOnlyDictionary<string, string> found = ArchitectureFile.Read(run.Directory.Architecture).Metadata;
        Assert.False(found.ContainsKey("validation_top1"));
        Assert.Equal(
            found.GetValueOrDefault("supernet_top1"),
            model.Metadata.GetValueOrDefault("provenance.supernet_top1")
        );
    }

    [Fact]
    public void A_model_that_was_trained_on_all_images_claims_no_accuracy_on_some_of_them()
    {
        // As files from before were written, whose score of the search had the name.
        string architecture = Path.Combine(_folder.Root, "architecture.json");
        Architecture network = ArchitectureFile.Read(run.Directory.Architecture);
        ArchitectureFile.Write(
            architecture,
            network with
            {
                Metadata = new Dictionary<string, string> { ["validation_top1"] = "0.125" },
            }
        );
        RunOptions options = RunConfigFile
            .Read(run.Directory.Config)
            .WithTraining(training => training with { OnAll = true })
            .WithTarget(target => target with { LatencyMs = null }) with
        {
            Out = Path.Combine(_folder.Root, "on-all"),
        };
        TrainResult trained = ProxylessRun.Train(options, architecture, NullRunObserver.Instance, Cancellation);
        using OnnxClassifier model = OnnxClassifier.Load(trained.Model, 1);
        Assert.False(model.Metadata.ContainsKey("provenance.validation_top1"));
        Assert.Equal("0.125", model.Metadata["provenance.supernet_top1"]);
    }

    private void Add(string folder, int images)
    {
        for (int i = 0; i < images; i++)
        {
            _folder.Add(Path.Combine(folder, $"{i}.png"), TestPictures.Noise(7000 + (100 * folder.Length) + i, 32, 32));
        }
    }

    private string AddIdx(string name, string[] classes, string photos, int images = int.MaxValue)
    {
        List<(byte Label, byte[] Pixels)> all =
        [
            .. classes
                .SelectMany(
                    (@class, label) =>
                        Directory
                            .EnumerateFiles(Path.Combine(photos, @class))
                            .Order()
                            .Select(file => ((byte)label, ImageDecoder.Decode(file, channels: 1).Pixels))
                )
                .Take(images),
        ];
        _folder.Add(
            $"{name}/train-images-idx3-ubyte",
            [0, 0, 8, 3, 0, 0, 0, (byte)all.Count, 0, 0, 0, 32, 0, 0, 0, 32, .. all.SelectMany(image => image.Pixels)]
        );
        _folder.Add(
            $"{name}/train-labels-idx1-ubyte",
            [0, 0, 8, 1, 0, 0, 0, (byte)all.Count, .. all.Select(image => image.Label)]
        );
        _folder.Add($"{name}/labels.txt", [.. string.Join('\n', classes).Select(letter => (byte)letter)]);
        return name;
    }

    private EvaluateResult Evaluate(string folder, IRunObserver? observer = null, bool againstNetwork = false) =>
        ProxylessRun.Evaluate(
            run.Options.Out!,
            new RunOptions { Data = new() { Path = Path.Combine(_folder.Root, folder) } },
            againstNetwork,
            observer ?? NullRunObserver.Instance,
            Cancellation
        );
}
