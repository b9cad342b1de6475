using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Pretrained;
using Proxyless.Training;
using SkiaSharp;
using TorchSharp;
using Xunit;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class FineTuneTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Run => Path.Combine(_folder.Root, "run");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(5, 0, 0.0625)]
    [InlineData(3, 1, 0.625)]
    [InlineData(1, 9, 0.021484375)]
    [InlineData(4, 4, 1)]
    public void The_sign_test_is_that_of_fair_coins(int one, int other, double expected) =>
        Assert.Equal(expected, TrialComparison.SignTest(one, other), 1e-12);

    /// <summary>Five fair coins all fall on one side with p = 0.06, four with p = 0.13.</summary>
    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void A_training_may_only_be_better_where_the_classifier_is_wrong_on_enough_images(int wrong, bool may)
    {
        ImageAnswer?[] answers =
        [
            .. Enumerable.Range(0, 8).Select(i => new ImageAnswer($"{i}", 0, i < wrong ? 1 : 0, 1, 0)),
            null,
        ];
        Assert.Equal(may, TrialComparison.MayBeBeaten([.. Enumerable.Range(0, answers.Length)], answers));
    }

    /// <summary>On a resume the weights that are asked for again are no reason.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_resumed_run_begins_with_weights_if_it_did(bool didIt)
    {
        (RunOptions options, _) = Few();
        TrainingOptions begun = didIt ? options.Training : new();
        RunConfigFile.Write(
            new RunDirectory(Directory.CreateDirectory(Run).FullName).Config,
            options with
            {
                Training = begun,
            }
        );
        TrainingOptions asked = didIt ? new() : options.Training;
        Assert.Equal(didIt, FineTuneOpening.IsRequested(new RunOptions { Resume = true, Training = asked }, Run));
    }

    [Fact]
    public void Few_images_get_a_network_that_was_decided_by_cross_validation()
    {
        (RunOptions options, string network) = Few();
        var observer = new RecordingObserver();
        TrainResult trained = ProxylessRun.Train(options, network, observer, Cancellation);
        Assert.Null(trained.ValidationTop1);
        Assert.InRange(trained.CrossValidatedTop1!.Value, 0.5, 1);
        Assert.True(File.Exists(trained.Model));
        Assert.Contains(
            observer.Messages,
            text =>
                text.EndsWith("cross-validated", StringComparison.Ordinal)
                && text.Contains(", penalty 0.", StringComparison.Ordinal)
        );

        // Nothing is trained to find out what cannot be found out.
        Assert.Contains(
            observer.Messages,
            text =>
                text.StartsWith("the classifier is wrong on", StringComparison.Ordinal)
                && text.Contains("too few to show", StringComparison.Ordinal)
        );
        Architecture architecture = ArchitectureFile.Read(new RunDirectory(Run).Architecture);
        Assert.Equal("other", architecture.Metadata["pretrained"]);
        Assert.Equal(2, architecture.Classes);
        EvaluateResult evaluated = ProxylessRun.Evaluate(
            Run,
            options with
            {
                Training = new(),
                Target = new(),
            },
            againstNetwork: true,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(1, evaluated.NetworkAgreement);
        Assert.Equal(FinishedRun.TestImages, evaluated.Images);
    }

    /// <summary>The images that were tried are those that decided for the training.</summary>
    [Fact]
    public void A_decision_keeps_the_steps_of_a_trial_and_the_accuracy_of_complete_trials_alone()
    {
        (RunOptions options, string network) = Few();
        using CompactNetwork whole = Load(options, network, out RunContext context);
        ImageSet images = FineTuneStage.ImagesOf(context);
        var tuner = new FineTuner(context, whole, images, decides: true, mostSteps: 7);
        ImageAnswer?[] Answers(Func<int, int> answer) =>
            [.. tuner.All.Select(i => new ImageAnswer(images.Name(i), images.Label(i), answer(images.Label(i)), 1, 0))];

        (Proxyless.Runs.FineTuning trained, ImageAnswer?[] none) = tuner.Decide(
            tuner.All,
            1,
            Answers(label => 1 - label)
        );
        Assert.True(trained.IsTrained);
        Assert.Null(trained.CrossValidatedTop1);
        Assert.Empty(none);

        (Proxyless.Runs.FineTuning kept, ImageAnswer?[] all) = tuner.Decide(tuner.All, 1, Answers(label => label));
        Assert.False(kept.IsTrained);
        Assert.Equal(1, kept.CrossValidatedTop1);
        Assert.Equal(images.Count, kept.Images);
        Assert.Equal(images.Count, all.Length);

        // For the folds, whose trials are of this network whatever was decided.
        Assert.Equal(7, trained.MostTrialSteps);
        Assert.Equal(7, kept.MostTrialSteps);
    }

    /// <summary>One of the networks, to classify its features or to be trained, computes nothing.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_network_that_was_fitted_to_the_images_is_judged_with_those_that_were_not(bool isTrained)
    {
        (RunOptions options, string network) = Few();
        using CompactNetwork whole = Load(options, network, out RunContext context);
        using CompactNetwork useless = Load(options, network, out _);
        foreach (NetworkTensor tensor in useless.Stem.Tensors)
        {
            using torch.Tensor nothing = torch.zeros_like(tensor.Value);
            tensor.CopyFrom(nothing);
        }

        ImageSet images = FineTuneStage.ImagesOf(context);
        FineTuner Tuner(CompactNetwork tuned) => new(context, tuned, images, decides: true, mostSteps: 1);
        FineTuner classifying = Tuner(isTrained ? useless : whole);
        FineTuner training = Tuner(isTrained ? whole : useless);
        var start = new FittedStart(context, whole);
        using var fitted = new FittedComparison(start, images, [.. classifying.All]);
        ImageAnswer?[] classifier = fitted.Classify(classifying, 1);
        (Proxyless.Runs.FineTuning decision, ImageAnswer?[] answers) = fitted.Decide(
            classifier,
            1,
            needsProof: false,
            training
        );

        // Each image is judged by the network that it had no part in; that a training is worse is known before all are.
        Assert.All(
            start.FittedTo.GroupBy(fitted => fitted.Network, fitted => fitted.Among),
            fits =>
            {
                bool isChosen = fits.Key == (isTrained ? training : classifying).Network;
                Assert.Equal(isChosen || isTrained ? FineTuner.PartsOfTraining : 1, fits.Count());
                Assert.All(
                    classifying.All,
                    image => Assert.InRange(fits.Count(among => !among.Contains(image)), isChosen ? 1 : 0, 1)
                );
            }
        );
        Assert.Contains(classifying.Network, start.FittedTo.Select(fitted => fitted.Network));
        Assert.Equal(isTrained, decision.IsTrained);
        Assert.Equal(isTrained ? training.LastDepth : 1, decision.Blocks);
        ImageAnswer[] known = [.. answers.OfType<ImageAnswer>()];
        Assert.InRange(known.Length, 1, images.Count);
        Assert.Equal(known.Length, decision.Images);
        Assert.Equal(known.Average(answer => answer.IsRight ? 1.0 : 0), decision.CrossValidatedTop1);
    }

    [Fact]
    public void A_network_that_computes_no_finite_numbers_is_refused_with_its_weights()
    {
        (RunOptions options, string network) = Few();
        using CompactNetwork whole = Load(options, network, out RunContext context);
        NetworkTensor shift = whole.Blocks[^1].Project!.Shift;
        using (torch.Tensor nothing = WithScalar.Full(shift.Value.shape[0], double.NaN, torch.float32))
        {
            shift.CopyFrom(nothing);
        }

        var tuner = new FineTuner(
            context,
            whole,
            FineTuneStage.ImagesOf(context),
            decides: true,
            mostSteps: long.MaxValue
        );
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            tuner.Classify(tuner.All, whole.Blocks.Count)
        );
        Assert.StartsWith(
            $"TrainingOptions.Weights = '{options.Training.Weights}'",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>
    /// Of 460 images 391 are to train on, and a tenth fold leaves 414; it trained twice as long. Steps follow whole
    /// batches, of which there are few here.
    /// </summary>
    [Fact]
    public void A_fold_of_few_images_trains_about_as_long_as_the_network_that_is_exported()
    {
        (RunOptions options, string network) = Few();
        using CompactNetwork whole = Load(options, network, out RunContext context);
        var tuner = new FineTuner(
            context,
            whole,
            FineTuneStage.ImagesOf(context),
            decides: true,
            mostSteps: long.MaxValue
        );
        Assert.InRange((double)tuner.StepsOn(414) / tuner.StepsOn(391), 1, 1.25);
    }

    [Fact]
    public void Every_image_is_tested_once_in_the_folds()
    {
        (RunOptions options, string network) = Few();
        TrainResult trained = ProxylessRun.Train(
            options with
            {
                Training = options.Training with { Folds = 3, Epochs = 1 },
            },
            network,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(3, trained.Folds!.Folds);
        Assert.Equal(2 * FinishedRun.ImagesOfAClass, trained.Folds.Images);
        Assert.InRange(trained.Folds.Top1, 0.5, 1);

        // The classes are of one size.
        Assert.Equal(trained.Folds.Top1, trained.Folds.ClassTop1, 1e-9);

        // Their time counts as the training's.
        Assert.Equal(RunPlan.Read(new RunDirectory(Run)).TrainSeconds, trained.Seconds);
    }

    /// <summary>
    /// Without a part, one different image would be left, of which no classifier can be chosen; copies are in one part.
    /// </summary>
    [Theory]
    [InlineData(2, 1, 1, 2, "has 3 different images, and without a part")]
    [InlineData(2, 1, 4, 2, "has 3 different images, and without a part")]
    [InlineData(2, 2, 1, 5, "has 4 different images, and a part needs one")]
    [InlineData(2, 2, 3, 5, "has 4 different images, and a part needs one")]
    public void Folds_of_too_few_different_images_are_refused_before_anything_is_written(
        int one,
        int two,
        int copies,
        int folds,
        string said
    )
    {
        (RunOptions options, string network) = Few();
        AddFew(one, two, copies);
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Train(
                options with
                {
                    Data = new() { Path = Path.Combine(_folder.Root, "few") },
                    Training = options.Training with { Folds = folds },
                },
                network,
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.StartsWith($"TrainingOptions.Folds = {folds}: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public void The_fewest_different_images_are_enough_for_folds()
    {
        (RunOptions options, string network) = Few();
        AddFew(2, 1, copies: 1);
        TrainResult trained = ProxylessRun.Train(
            options with
            {
                Data = new() { Path = Path.Combine(_folder.Root, "few") },
                Training = options.Training with { Folds = 3 },
            },
            network,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(3, trained.Folds!.Images);
    }

    /// <summary>Too few images to show that training all weights is better.</summary>
    [Fact]
    public void What_has_no_effect_without_a_training_is_said()
    {
        (RunOptions options, string network) = Few();
        AddFew(2, 2, copies: 1);
        foreach (string name in (string[])["one", "two"])
        {
            _folder.Add(Path.Combine("few", "val", name, "0.png"), TestPictures.Noise(name.Length, 16, 16));
        }

        options = options with { Data = new() { Path = Path.Combine(_folder.Root, "few") } };
        var observer = new RecordingObserver();
        ProxylessRun.Train(
            options with
            {
                Training = options.Training with { Patience = 2 },
            },
            network,
            observer,
            Cancellation
        );
        Assert.Contains(
            "TrainingOptions.Patience: without effect, since the pretrained weights stay as they are",
            observer.Messages
        );
    }

    /// <summary>A trial would learn from one image, of which no classifier can be chosen.</summary>
    [Fact]
    public void Copies_of_two_images_are_no_reason_to_train_all_weights()
    {
        (RunOptions options, string network) = Few();
        using CompactNetwork whole = Load(options, network, out RunContext context);
        ImageSet images = FineTuneStage.ImagesOf(context);

        // One of each class, as often as its copies would be there.
        int[] two = [images.Count - 1, 0];
        ImageSet copies = images.Subset(Enumerable.Range(0, 24).Select(i => two[i % 2]));
        var tuner = new FineTuner(context, whole, copies, decides: true, mostSteps: 7);
        int depth = tuner.ChooseDepth(tuner.All);
        ImageAnswer?[] classifier = tuner.Classify(tuner.All, depth);
        Assert.True(TrialComparison.MayBeBeaten(tuner.All, classifier));
        (Proxyless.Runs.FineTuning decision, _) = tuner.Decide(tuner.All, depth, classifier);
        Assert.False(decision.IsTrained);

        InvalidInputException refused = Assert.Throws<InvalidInputException>(() => tuner.ChooseDepth([0, 2, 4]));
        Assert.Contains("1 of 3 images to learn from", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>What is decided on the training images says nothing of validation images of another kind.</summary>
    [Fact]
    public void Validation_images_of_ones_own_judge_the_start_although_the_decision_is_cross_validated()
    {
        (RunOptions options, string network) = Few();
        for (int i = 0; i < 24; i++)
        {
            bool isTraining = i < 16;
            string set = Path.Combine(
                "divided",
                isTraining ? "train"
                    : i < 20 ? "val"
                    : "test"
            );
            _folder.Add(Path.Combine(set, isTraining ? "noise" : "flat", $"{i}.png"), TestPictures.Noise(i, 16, 16));
            _folder.Add(Path.Combine(set, isTraining ? "flat" : "noise", $"{i}.png"), Flat(i));
        }

        TrainResult trained = ProxylessRun.Train(
            options with
            {
                Data = new() { Path = Path.Combine(_folder.Root, "divided") },
                Training = options.Training with { Epochs = 1 },
            },
            network,
            NullRunObserver.Instance,
            Cancellation
        );

        Assert.InRange(trained.CrossValidatedTop1!.Value, 0.75, 1);
        Assert.InRange(trained.ValidationTop1!.Value, 0, 0.25);
    }

    [Fact]
    public void Training_on_all_of_many_images_leaves_none_to_validate_on()
    {
        (RunOptions options, string network) = Many();
        var observer = new RecordingObserver();
        TrainResult trained = ProxylessRun.Train(
            options with
            {
                Training = options.Training with { OnAll = true },
            },
            network,
            observer,
            Cancellation
        );
        Assert.Null(trained.ValidationTop1);
        Assert.DoesNotContain(observer.Messages, text => text.Contains("validation", StringComparison.Ordinal));
    }

    /// <summary>At this rate no epoch is better than the beginning, which counts as one.</summary>
    [Fact]
    public void A_training_ends_once_its_epochs_bring_nothing_better()
    {
        (RunOptions options, string network) = Many();
        options = options with { Training = options.Training with { Epochs = 10, LearningRate = 1e-9, Patience = 2 } };
        var observer = new RecordingObserver();
        TrainResult trained = ProxylessRun.Train(options, network, observer, Cancellation);
        Assert.Contains("train: ended after epoch 2, since 2 epochs have brought nothing better", observer.Messages);
        var store = new RunStore(new RunDirectory(trained.Run));
        Assert.Equal(2, store.ReadTrainingLog().Count);
        Assert.Equal(store.Plan.FineTuning!.BeginningTop1, trained.ValidationTop1);
        StoppedIsAsWhole(options with { Out = Path.Combine(_folder.Root, "first") }, network, "train");
    }

    [Fact]
    public void Integers_are_not_said_to_be_judged_on_validation_images_where_all_are_trained_on()
    {
        (RunOptions options, string network) = Few();
        ProxylessRun.Train(options, network, NullRunObserver.Instance, Cancellation);
        var observer = new RecordingObserver();
        ProxylessRun.Quantize(
            new QuantizeOptions
            {
                Model = Run,
                Out = Path.Combine(_folder.Root, "integers.onnx"),
                Target = Path.Combine(_folder.Root, "target", "fixed.yaml"),
            },
            observer,
            Cancellation
        );
        Assert.Contains(
            observer.Messages,
            text => text.Contains(" training images the integers lose ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Patience_without_validation_images_is_refused()
    {
        (RunOptions options, string network) = Few();
        foreach (bool onAll in (bool[])[false, true])
        {
            InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
                ProxylessRun.Train(
                    options with
                    {
                        Training = options.Training with { Patience = 3, OnAll = onAll },
                    },
                    network,
                    NullRunObserver.Instance,
                    Cancellation
                )
            );
            Assert.Contains("TrainingOptions.Patience", refused.Message, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public void Folds_that_are_finished_are_not_repeated()
    {
        (RunOptions options, string network) = Few();
        options = options with { Training = options.Training with { Folds = 3, Epochs = 1, Ema = 0.9, Dropout = 0.1 } };
        TrainResult whole = ProxylessRun.Train(options, network, NullRunObserver.Instance, Cancellation);
        RunOptions second = options with { Out = Path.Combine(_folder.Root, "second") };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessRun.Train(
                second,
                network,
                MessageObserver.StopAt(text => text == "fold 3 of 3:", stop),
                stop.Token
            )
        );
        var directory = new RunDirectory(second.Out!);
        Assert.Equal([0, 1], JsonLines.Read<FoldAnswer>(directory.Folds).Select(answer => answer.Fold).Distinct());

        var observer = new RecordingObserver();
        TrainResult resumed = ProxylessRun.Train(second with { Resume = true }, network, observer, Cancellation);

        Assert.Equal(whole.Folds, resumed.Folds);
        Assert.Equal(
            ["fold 3 of 3:"],
            observer.Messages.Where(text => text.StartsWith("fold ", StringComparison.Ordinal))
        );

        string weights = second.Training.Weights!;
        byte[] before = File.ReadAllBytes(weights);
        WeightsOfOthers.Write(weights, ArchitectureFile.Read(network), [], seed: 1);
        InvalidInputException others = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Train(second with { Resume = true }, network, observer, Cancellation)
        );
        Assert.Contains("began with other weights", others.Message, StringComparison.Ordinal);
        File.WriteAllBytes(weights, before);

        File.WriteAllText(
            directory.Folds,
            File.ReadAllText(directory.Folds).Replace("\"fold\":0", "\"fold\":2", StringComparison.Ordinal)
        );
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Train(second with { Resume = true }, network, observer, Cancellation)
        );
        Assert.Contains("folds.jsonl", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Otherwise their accuracy would be that of another training than the one that is exported.</summary>
    [Fact]
    public void Folds_make_as_many_steps_as_the_network_that_is_exported_also_where_time_limits_them()
    {
        (RunOptions options, string network) = Noise();
        var trials = new StepsOfTrials();
        ProxylessRun.Train(
            options with
            {
                Training = options.Training with { Folds = 2 },
                Time = TimeSpan.FromSeconds(2),
            },
            network,
            new RunObserver(trials),
            Cancellation
        );
        Assert.Equal(1 + 2, trials.Begun.Count);
        Assert.Single(trials.Begun.Distinct());
        long? most = RunPlan.Read(new RunDirectory(Run)).FineTuning!.MostTrialSteps;
        Assert.NotNull(most);
        Assert.True(trials.Begun[0] <= most);
    }

    [Theory]
    [InlineData(true, "each trial of the training 1 steps")]
    [InlineData(false, "the training 1 steps")]
    public void A_time_that_leaves_less_than_an_epoch_is_warned_of(bool areFew, string expected)
    {
        (RunOptions options, string network) = areFew ? Noise() : Many();
        var time = new ManualClock();
        var clock = new RunClock(time);
        time.Seconds = 3600;
        var observer = new RecordingObserver();
        FineTuneJob.Run(
            options with
            {
                Training = options.Training with { BatchSize = 4, Epochs = null },
                Time = TimeSpan.FromHours(1),
            },
            network,
            clock,
            observer,
            Cancellation
        );
        Assert.Contains(
            observer.Warnings,
            text => text.StartsWith($"RunOptions.Time leaves {expected}, ", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("features")]
    [InlineData("trial 1 of 3")]
    public void A_decision_that_was_stopped_ends_as_one_that_was_not(string stage)
    {
        (RunOptions options, string network) = Noise();
        StoppedIsAsWhole(options with { Training = options.Training with { Epochs = 2 } }, network, stage);
    }

    /// <summary>The report would show them as those of the network that is trained.</summary>
    [Fact]
    public void Answers_of_an_earlier_decision_are_removed_where_the_one_that_counts_has_none()
    {
        (RunOptions options, string network) = Many();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessRun.Train(options, network, new RunObserver(new StopInStage("features", stop)), stop.Token)
        );
        var store = new RunStore(new RunDirectory(Run));
        store.WriteCrossValidated([new ImageAnswer("0.png", 0, 0, 1, 1)]);
        Assert.Single(store.ReadCrossValidated());
        ProxylessRun.Train(options with { Resume = true }, network, NullRunObserver.Instance, Cancellation);
        Assert.Empty(store.ReadCrossValidated());
        Assert.False(File.Exists(store.Directory.CrossValidated));
    }

    [Fact]
    public void A_training_that_was_stopped_ends_as_one_that_was_not()
    {
        (RunOptions options, string network) = Many();
        StoppedIsAsWhole(options with { CheckpointSeconds = 0.001 }, network, "train");
    }

    [Fact]
    public void Many_images_are_divided_once_and_the_start_counts_as_an_epoch()
    {
        (RunOptions options, string network) = Many();
        var observer = new RecordingObserver();
        TrainResult trained = ProxylessRun.Train(options, network, observer, Cancellation);
        Assert.InRange(trained.ValidationTop1!.Value, 0.9, 1);
        Assert.Null(trained.CrossValidatedTop1);
        Assert.Contains(observer.Messages, text => text.Contains("validation images", StringComparison.Ordinal));

        // The statistics of batch norm are those of the weights; random weights have these.
        SafeTensorsFile best = SafeTensorsFile.Read(new RunDirectory(Run).BestCheckpoint);
        Assert.All(best.Tensors["stem.norm.mean"].Values, mean => Assert.Equal(0, mean));
        Assert.All(best.Tensors["stem.norm.variance"].Values, variance => Assert.Equal(1, variance));
    }

    /// <summary>The input of EfficientNet-Lite has a mean, a deviation and a filter of its own.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_input_of_the_weights_travels_with_the_model(bool isOfFile)
    {
        RunOptions options = new()
        {
            Data = new() { Path = SharedData.Path("photographs"), Resolution = 32 },
            Training = new()
            {
                Weights = SharedData.Path(Path.Combine("pretrained", "efficientnet-lite0-57934424.pth")),
                Epochs = 1,
            },
            Out = Run,
        };
        const string Name = "efficientnet-lite0";
        string network = isOfFile ? Path.Combine(_folder.Root, "network.json") : Name;
        if (isOfFile)
        {
            // Its weights tell what its file does not.
            ArchitectureFile.Write(network, PretrainedNetworks.ByName(Name).Architecture);
        }

        ProxylessRun.Train(options, network, NullRunObserver.Instance, Cancellation);
        IReadOnlyDictionary<string, string> metadata = ArchitectureFile
            .Read(new RunDirectory(Run).Architecture)
            .Metadata;
        Assert.Equal(
            isOfFile ? "efficientnet-lite 224" : null,
            metadata.GetValueOrDefault(PretrainedNetworks.InputKey)
        );
        EvaluateResult evaluated = ProxylessRun.Evaluate(
            Run,
            new RunOptions { Data = options.Data with { Resolution = null } },
            againstNetwork: true,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(1, evaluated.NetworkAgreement);
        using OnnxClassifier model = OnnxClassifier.Load(new RunDirectory(Run).Model);
        Assert.Equal(ImageFilter.Bicubic, model.Preprocessing.Filter);
        string file = Path.Combine(_folder.Root, "again.onnx");
        ProxylessRun.Export(Run, file, NullRunObserver.Instance, Cancellation);
        Assert.Equal(File.ReadAllBytes(new RunDirectory(Run).Model), File.ReadAllBytes(file));
    }

    /// <summary>What its file tells of weights is of another training; older versions left it there.</summary>
    [Fact]
    public void A_network_of_a_pretrained_file_that_is_trained_from_scratch_has_an_input_and_an_origin_of_its_own()
    {
        var foreign = new Dictionary<string, string>
        {
            ["note"] = "kept",
            ["pretrained"] = "efficientnet-lite0",
            ["weights"] = "efficientnet-lite0",
            ["origin"] = "Google",
            ["license"] = "Apache-2.0",
        };
        (RunOptions options, TrainResult trained) = FromScratch(foreign);
        var run = new RunDirectory(trained.Run);
        Architecture own = ArchitectureFile.Read(run.Architecture);
        Assert.Equal(["note"], own.Metadata.Keys);
        string again = Path.Combine(_folder.Root, "again.onnx");
        foreach (Architecture written in (Architecture[])[own, own with { Metadata = foreign }])
        {
            ArchitectureFile.Write(run.Architecture, written);
            ProxylessRun.Export(trained.Run, again, NullRunObserver.Instance, Cancellation);
            Assert.Equal(File.ReadAllBytes(trained.Model), File.ReadAllBytes(again));
        }

        EvaluateResult evaluated = ProxylessRun.Evaluate(
            trained.Run,
            options,
            againstNetwork: true,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(1, evaluated.NetworkAgreement);
        using OnnxClassifier model = OnnxClassifier.Load(again);
        Assert.Equal("kept", model.Metadata[NetworkExporter.ProvenancePrefix + "note"]);
        Assert.DoesNotContain(NetworkExporter.ProvenancePrefix + "pretrained", model.Metadata.Keys);
    }

    [Fact]
    public void What_a_model_says_of_its_images_is_no_text_of_its_architecture()
    {
        (RunOptions options, TrainResult trained) = FromScratch(
            new Dictionary<string, string> { ["seed"] = "3", ["data"] = "x" }
        );
        using OnnxClassifier model = OnnxClassifier.Load(trained.Model);
        var images = ModelImages.Of(model);
        Assert.Equal(options.Seed, images.Seed);
        Assert.NotEqual("x", images.Name);
    }

    [Fact]
    public void A_network_of_a_file_that_is_called_like_a_known_one_keeps_the_input_that_it_was_trained_with()
    {
        (RunOptions options, string network) = Few();
        ArchitectureFile.Write(network, ArchitectureFile.Read(network) with { Name = "efficientnet-lite0" });
        options = options with { Training = options.Training with { Epochs = 1 } };
        TrainResult trained = ProxylessRun.Train(options, network, NullRunObserver.Instance, Cancellation);
        Assert.Equal("other", ArchitectureFile.Read(new RunDirectory(Run).Architecture).Metadata["pretrained"]);
        string again = Path.Combine(_folder.Root, "again.onnx");
        ProxylessRun.Export(Run, again, NullRunObserver.Instance, Cancellation);
        Assert.Equal(File.ReadAllBytes(trained.Model), File.ReadAllBytes(again));
    }

    [Fact]
    public void What_cannot_be_is_refused_before_anything_is_written()
    {
        (RunOptions options, string network) = Few();
        void Refused(RunOptions with, string of, string word)
        {
            InvalidInputException refusal = Assert.Throws<InvalidInputException>(() =>
                ProxylessRun.Train(with, of, NullRunObserver.Instance, Cancellation)
            );
            Assert.Contains(word, refusal.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Run));
        }

        RunOptions With(Func<TrainingOptions, TrainingOptions> change) =>
            options with
            {
                Training = change(options.Training),
            };
        Refused(With(training => training with { Weights = "efficientnet-lite0" }), "timm-mnasnet-100", "mnasnet");
        _folder.Add("other.safetensors", [1, 2, 3]);
        string other = Path.Combine(_folder.Root, "other.safetensors");
        Refused(With(training => training with { Weights = other }), network, "other.safetensors");
        Refused(options, _folder.Root, "is a folder");

        // Before the images are opened, which there are none of.
        RunOptions without = options with
        {
            Data = options.Data with { Path = Path.Combine(_folder.Root, "no-images") },
        };
        Refused(without with { Training = new() { Weights = "no-file.pth" } }, network, "'no-file.pth'");
        Refused(without with { Training = new() { Weights = _folder.Root } }, network, "give a file of weights");
        Refused(options, "efficientnet-light0", "efficientnet-lite0");
        Refused(With(training => training with { FromSupernet = true }), network, "exclude each other");
        Refused(With(training => training with { Weights = null, Folds = 5 }), network, "TrainingOptions.Folds");
        Refused(options with { Data = options.Data with { Channels = 1 } }, network, "DataOptions.Channels = 3");
    }

    [Theory]
    [InlineData("efficientnet-lite0", "timm-mnasnet-100", "'efficientnet-lite0', and cannot change it")]
    [InlineData("efficientnet-lite0", "{network}", "cannot change it to 'small'")]
    [InlineData("efficientnet-lite0", "{folder}", "cannot change it to that of")]
    [InlineData("other", "efficientnet-lite0", "from a file, and cannot change it to 'efficientnet-lite0'")]
    public void A_resumed_training_takes_the_network_that_it_began_with_and_no_other(
        string begun,
        string given,
        string said
    )
    {
        (RunOptions options, string network) = Few();
        RunDirectory directory = new(Directory.CreateDirectory(Run).FullName);
        RunConfigFile.Write(directory.Config, options);
        ArchitectureFile.Write(
            directory.Architecture,
            ArchitectureFile.Read(network) with
            {
                Metadata = new Dictionary<string, string> { ["pretrained"] = begun },
            }
        );
        string architecture = given
            .Replace("{network}", network, StringComparison.Ordinal)
            .Replace("{folder}", _folder.Root, StringComparison.Ordinal);
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Train(options with { Resume = true }, architecture, NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A short training without weights of a network whose file has some metadata.</summary>
    private (RunOptions Options, TrainResult Trained) FromScratch(IReadOnlyDictionary<string, string> metadata)
    {
        (RunOptions options, string network) = Few();
        ArchitectureFile.Write(network, ArchitectureFile.Read(network) with { Metadata = metadata });
        options = options with
        {
            Target = new()
            {
                Name = FixedTable.Write(Path.Combine(_folder.Root, "table"), SmallSpace.Space, SmallSpace.Classes),
            },
            Training = new() { BatchSize = 16, Epochs = 1 },
        };
        return (options, ProxylessRun.Train(options, network, NullRunObserver.Instance, Cancellation));
    }

    /// <summary>The network that a training begins with, and the context of the training.</summary>
    private static CompactNetwork Load(RunOptions options, string network, out RunContext context)
    {
        PretrainedNetwork known = FineTuneOpening.NetworkOf(options, network);
        context = FineTuneStage.ContextOf(
            FineTuneOpening.OpenImages(
                options,
                known,
                before: null,
                new RunClock(TimeProvider.System),
                NullRunObserver.Instance,
                Cancellation
            )
        );
        return FineTuneOpening.Load(known, context);
    }

    private (RunOptions Options, string Network) Few()
    {
        Architecture architecture = SmallSpace.Network(1, 0, 2) with { Name = "small" };
        string network = Path.Combine(_folder.Root, "small.json");
        string weights = Path.Combine(_folder.Root, "small.safetensors");
        ArchitectureFile.Write(network, architecture);
        WeightsOfOthers.Write(weights, architecture, []);
        return (
            FinishedRun.OptionsIn(_folder) with
            {
                Target = new(),
                Search = new(),
                Training = new() { Weights = weights },
                Out = Run,
                Threads = 1,
            },
            network
        );
    }

    /// <summary>Adds a few different images of two classes to train on, each several times, and some to test.</summary>
    private void AddFew(int one, int two, int copies)
    {
        void Add(string set, string name, int different, int seed)
        {
            for (int i = 0; i < different * copies; i++)
            {
                byte[] picture = TestPictures.Noise(seed + (i % different), 16, 16);
                _folder.Add(Path.Combine("few", set, name, $"{i}.png"), picture);
            }
        }

        Add("train", "one", one, 0);
        Add("train", "two", two, 100);
        Add("test", "one", 2, 200);
        Add("test", "two", 2, 300);
    }

    /// <summary>Nothing tells the classes apart: training all weights is tried.</summary>
    private (RunOptions Options, string Network) Noise()
    {
        for (int i = 0; i < 40; i++)
        {
            _folder.Add(Path.Combine("alike", $"{i % 2}", $"{i}.png"), TestPictures.Noise(i, 16, 16));
        }

        (RunOptions options, string network) = Few();
        return (options with { Data = new() { Path = Path.Combine(_folder.Root, "alike") } }, network);
    }

    private (RunOptions Options, string Network) Many()
    {
        for (int i = 0; i < 300; i++)
        {
            _folder.Add(Path.Combine("many", "noise", $"{i}.png"), TestPictures.Noise(i, 16, 16));
            _folder.Add(Path.Combine("many", "flat", $"{i}.png"), Flat(i));
        }

        (RunOptions options, string network) = Few();
        return (
            options with
            {
                Data = new() { Path = Path.Combine(_folder.Root, "many") },
                Training = options.Training with { Epochs = 1 },
            },
            network
        );
    }

    private void StoppedIsAsWhole(RunOptions options, string network, string stage)
    {
        TrainResult whole = ProxylessRun.Train(options, network, NullRunObserver.Instance, Cancellation);
        RunOptions second = options with { Out = Path.Combine(_folder.Root, "second") };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessRun.Train(second, network, new RunObserver(new StopInStage(stage, stop)), stop.Token)
        );
        ProxylessRun.Train(second with { Resume = true }, network, NullRunObserver.Instance, Cancellation);
        Assert.Equal(File.ReadAllBytes(whole.Model), File.ReadAllBytes(new RunDirectory(second.Out!).Model));
    }

    private static byte[] Flat(int i)
    {
        using var bitmap = new SKBitmap(16, 16);
        bitmap.Erase(new SKColor((byte)i, (byte)(i * 3), (byte)(i * 7)));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>Keeps the steps of the first trial of each decision.</summary>
    private sealed class StepsOfTrials : IProgress<RunProgress>
    {
        public List<long?> Begun { get; } = [];

        public void Report(RunProgress value)
        {
            if (value is { Stage: "trial 1 of 3", Done: 1 })
            {
                Begun.Add(value.Total);
            }
        }
    }

    /// <summary>Pretends that a network was fitted to the images.</summary>
    private sealed class FittedStart(RunContext context, CompactNetwork whole) : IFineTuneStart
    {
        public List<(CompactNetwork Network, IReadOnlyList<int> Among)> FittedTo { get; } = [];

        public RunContext Context => context;

        public CompactNetwork Whole => whole;

        public bool HasTeacher => false;

        public double ShareOfWork => 1;

        public (RunContext Context, CompactNetwork Network, int Depth) Of(
            ImageSet images,
            IReadOnlyList<int> among,
            int blocks
        ) => (context, whole, blocks);

        public bool IsFitted(CompactNetwork network) => true;

        public CompactNetwork? Refitted(CompactNetwork network, ImageSet images, IReadOnlyList<int> among)
        {
            FittedTo.Add((network, among));
            var other = new CompactNetwork(network.Architecture, network.Options);
            NetworkTensor.CopyAll(network.Tensors, other.Tensors);
            return other;
        }

        public void Return(CompactNetwork network) { }
    }
}
