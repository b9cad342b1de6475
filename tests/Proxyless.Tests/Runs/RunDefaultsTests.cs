using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>What the options of a run leave open is chosen from facts alone: no image is opened here.</summary>
public sealed class RunDefaultsTests
{
    private static readonly RunOptions Photos = new() { Data = new() { Path = "photos" } };

    [Theory]
    [InlineData(28, "cifar")]
    [InlineData(48, "cifar")]
    [InlineData(49, "imagenet-mobile")]
    [InlineData(0, "imagenet-mobile")]
    public void The_space_goes_by_the_side_of_the_images(int side, string expected)
    {
        Assert.Equal(expected, RunDefaults.SpaceOf(Photos, new ImageFacts(side, 3)));
        Assert.Equal(
            "tiny",
            RunDefaults.SpaceOf(new RunOptions { Data = new() { Path = "sample" } }, new ImageFacts(side, 3))
        );
        Assert.Equal(
            "mine.yaml",
            RunDefaults.SpaceOf(
                Photos with
                {
                    Search = Photos.Search with { Space = "mine.yaml" },
                },
                new ImageFacts(side, 3)
            )
        );
    }

    [Theory]
    [InlineData(32, 32, 128, 5e-4, 0.5)]
    [InlineData(64, 64, 128, 5e-4, 0.5)]
    [InlineData(64, 65, 32, 5e-4, 0.5)]
    [InlineData(65, 64, 32, 1e-4, 0)]
    [InlineData(0, 64, 32, 1e-4, 0)]
    public void Batch_decay_and_erasing_go_by_the_size_of_images_and_network(
        int side,
        int resolution,
        int batchSize,
        double decay,
        double erase
    )
    {
        RunOptions resolved = Resolve(Photos, side, resolution);
        Assert.Equal(
            (batchSize, decay, erase, resolution, 1, 7),
            (
                resolved.Training.BatchSize,
                resolved.Training.WeightDecay,
                resolved.Training.Erase,
                resolved.Data.Resolution,
                resolved.Data.Channels,
                resolved.Threads
            )
        );
    }

    [Fact]
    public void A_fine_tuning_on_more_images_is_never_shorter()
    {
        var options = new RunOptions
        {
            Data = new() { Path = "photos" },
            Training = new() { Weights = "w" },
        };
        long Training(int images)
        {
            bool areFew = images <= RunDefaults.FewImages;
            long steps = RunDefaults.FineTuneSteps(options, images, 32, areFew);
            return areFew ? RunDefaults.StepsOverTrialSteps * steps : steps;
        }

        for (int images = 40; images < 2000; images++)
        {
            Assert.True(Training(images) <= Training(images + 1), $"{images} images");
        }

        Assert.Equal(2 * (100 + (20 * 12)), Training(401));
        Assert.Equal(100 + (20 * 40), Training(1280));
        RunOptions asked = options with { Training = options.Training with { Epochs = 2 } };
        Assert.Equal(2 * 13, RunDefaults.FineTuneSteps(asked, 416, 32, areFew: false));
    }

    /// <summary>
    /// Whether there are few is decided on all training images: a fold of few may have more, also some of the test
    /// images, and more lose some to validation.
    /// </summary>
    [Fact]
    public void A_part_of_the_images_has_the_steps_of_all_of_them()
    {
        var options = new RunOptions
        {
            Data = new() { Path = "photos" },
            Training = new() { Weights = "w" },
        };
        Assert.Equal(100 + (20 * 12), RunDefaults.FineTuneSteps(options, 391, 32, areFew: true));
        Assert.Equal(100 + (20 * 12), RunDefaults.FineTuneSteps(options, 414, 32, areFew: true));
        Assert.Equal(2 * (100 + (20 * 12)), RunDefaults.FineTuneSteps(options, 414, 32, areFew: false));
        Assert.Equal(2 * (100 + (20 * 12)), RunDefaults.FineTuneSteps(options, 350, 32, areFew: false));
    }

    [Fact]
    public void What_is_given_stays()
    {
        RunOptions given = Photos with
        {
            Search = Photos.Search with { Space = "cifar", LearningRate = 0.5 },
            Training = Photos.Training with
            {
                BatchSize = 5,
                LearningRate = 0.75,
                WeightDecay = 0.25,
                MinimumCrop = 0.375,
                Erase = 0.125,
            },
            Threads = 3,
            Data = Photos.Data with { Resolution = 40, Channels = 1, NoImageCache = true },
        };
        Assert.Equal(given, Resolve(given, side: 32, resolution: 40));
    }

    [Theory]
    [InlineData("photos", WeightUpdate.Sandwich, null, 10, 2100, 6500)]
    [InlineData("photos", WeightUpdate.SinglePath, null, 10, 3500, 6500)]
    [InlineData("sample", WeightUpdate.Sandwich, null, 10, 210, 650)]
    [InlineData("sample", WeightUpdate.SinglePath, null, 10, 350, 650)]
    [InlineData("sample", WeightUpdate.Sandwich, 2.5, 10, 25, 25)]
    [InlineData("photos", WeightUpdate.Sandwich, 0.01, 10, 1, 1)]
    public void Steps_go_by_epochs_or_are_the_same_for_all_data(
        string data,
        WeightUpdate update,
        double? epochs,
        long batches,
        long search,
        long train
    )
    {
        RunOptions options = new()
        {
            Data = new() { Path = data },
            Search = new() { WeightUpdate = update, Epochs = epochs },
            Training = new() { Epochs = epochs },
        };
        Assert.Equal(
            (search, train),
            (RunDefaults.SearchSteps(options, batches), RunDefaults.TrainSteps(options, batches))
        );
    }

    [Theory]
    [InlineData("photos", null, 0, 100)]
    [InlineData("photos", null, 49, 100)]
    [InlineData("photos", null, 50, 50)]
    [InlineData("sample", null, 0, 10)]
    [InlineData("sample", 7, 0, 7)]
    [InlineData("photos", 0, 300, 0)]
    public void A_hundred_networks_are_scored_for_a_limit_or_as_many_as_are_asked_for(
        string data,
        int? asked,
        int known,
        int scored
    ) =>
        Assert.Equal(
            scored,
            RunDefaults.Evaluations(
                new RunOptions
                {
                    Data = new() { Path = data },
                    Search = new() { Evaluations = asked },
                },
                null,
                known
            )
        );

    [Theory]
    [InlineData(1, 10_000.0, 1.0, 100)]
    [InlineData(1, 325.0, 1.0, 60)]
    [InlineData(3, 930.0, 1.0, 60)]
    [InlineData(1, 1.0, 1.0, 8)]
    public void A_fifth_of_the_time_of_a_search_goes_to_scores(
        int limits,
        double seconds,
        double scoreSeconds,
        int expected
    )
    {
        var options = new RunOptions { Data = new() { Path = "photos" } };
        int evaluations = RunDefaults.EvaluationsIn(options, limits, seconds, scoreSeconds);
        Assert.Equal(expected, evaluations);
        Assert.Equal(
            7,
            RunDefaults.EvaluationsIn(
                options with
                {
                    Search = options.Search with { Evaluations = 7 },
                },
                limits,
                seconds,
                scoreSeconds
            )
        );

        // Each limit is planned with as many as it gets where none is near another.
        Assert.InRange(
            (RunDefaults.ScoresOverEvaluations(limits) * evaluations)
                - (limits * RunDefaults.Evaluations(options, evaluations, known: 0)),
            0,
            (evaluations / 12.0) + limits
        );
    }

    [Fact]
    public void The_learning_rate_is_for_256_images()
    {
        Assert.Equal(0.1, RunDefaults.LearningRate(Photos, 128));
        RunOptions given = new() { Training = new() { LearningRate = 0.3 } };
        Assert.Equal(0.15, RunDefaults.LearningRate(given, 128));
    }

    [Theory]
    [InlineData(true, 3500, 1.0)]
    [InlineData(true, 2100, 1.0)]
    [InlineData(true, 1000, 0.5)]
    [InlineData(true, 140, 0.2)]
    [InlineData(false, 2100, 0.2)]
    public void The_rate_of_a_search_goes_by_the_size_of_images_and_its_steps(
        bool smallImages,
        long steps,
        double expected
    ) => Assert.Equal(expected / 2, RunDefaults.SearchLearningRate(Photos, smallImages, steps, 128), 1e-12);

    [Theory]
    [InlineData(0.3, null, 0.3)]
    [InlineData(null, 0.4, 0.4)]
    [InlineData(0.3, 0.4, 0.4)]
    public void The_rate_of_a_search_is_what_is_given(double? ofTraining, double? ofSearch, double expected)
    {
        RunOptions given = new()
        {
            Training = new() { LearningRate = ofTraining },
            Search = new() { LearningRate = ofSearch },
        };
        Assert.Equal(expected, RunDefaults.SearchLearningRate(given, smallImages: true, weightSteps: 2100, 256));
    }

    private static RunOptions Resolve(RunOptions options, int side, int resolution) =>
        RunDefaults.Resolve(
            options,
            new ImageFacts(side, 1),
            SearchSpacePresets.ByName("cifar").WithInput(resolution, 1),
            threads: 7
        );
}
