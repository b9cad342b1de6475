using System.Globalization;
using System.Security.Cryptography;
using Proxyless.Architectures;
using Proxyless.Comparisons;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Comparisons;

/// <summary>Whole comparisons, on the images of a short run.</summary>
[Collection(nameof(WholeRuns))]
public sealed class ProxylessComparisonTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void One_that_is_stopped_resumed_and_added_to_ends_as_one_that_was_not()
    {
        ComparisonResult whole = ProxylessComparison.Run(
            Options("whole", ["random:2", "mobilenet-v2:0.1", run.Options.Out!], seeds: 2),
            NullRunObserver.Instance,
            Cancellation
        );

        ComparisonOptions second = Options("parts", ["random:2"], seeds: 1);
        using (var source = new CancellationTokenSource())
        {
            var exception = Assert.Throws<RunInterruptedException>(() =>
                ProxylessComparison.Run(second, new StopAt("train", 0.4, source), source.Token)
            );
            Assert.Equal(second.Run.Out, exception.Run);
            Assert.Equal(source.Token, exception.CancellationToken);
        }

        var resumed = new ComparisonOptions
        {
            Run = new RunOptions
            {
                Out = second.Run.Out,
                Resume = true,
                Threads = 1,
            },
            Networks = ["mobilenet-v2:0.1"],
        };
        Assert.Equal(3, ProxylessComparison.Run(resumed, NullRunObserver.Instance, Cancellation).Networks.Count);
        ComparisonResult parts = ProxylessComparison.Run(
            resumed with
            {
                Networks = ["random:2", run.Options.Out!],
                Seeds = 2,
            },
            NullRunObserver.Instance,
            Cancellation
        );

        Assert.Equal(
            whole.Networks.Select(network => (network.Group, network.Name, network.Top1, network.Top1Deviation)),
            parts.Networks.Select(network => (network.Group, network.Name, network.Top1, network.Top1Deviation))
        );
        Assert.Equal(["random", "mobilenet-v2:0.1", "found"], whole.Groups.Select(group => group.Group));
        Assert.All(
            whole.Networks.Where(network => network.Group == "random"),
            network =>
                Assert.InRange(network.PredictedLatencyMs!.Value, 0.9 * whole.LatencyLimitMs, whole.LatencyLimitMs)
        );
        Assert.All(
            (string[])["comparison.csv", "comparison.md", "comparison.svg", "result.json", "report.html"],
            file => Assert.True(File.Exists(Path.Combine(parts.Folder, file)))
        );
    }

    [Fact]
    public void The_shared_weights_of_a_search_judge_its_own_network_as_the_search_did()
    {
        double? score = ArchitectureScore();
        ComparisonResult result = ProxylessComparison.Run(
            Options("scored", [run.Options.Out!], seeds: 1) with
            {
                ScoredBy = run.Options.Out,
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(score, result.Networks[0].SharedTop1);
        Assert.Null(result.Scores);
    }

    [Fact]
    public void Random_networks_that_are_added_are_others()
    {
        ComparisonOptions options = Options("more", ["random:3", "random:3"], seeds: 1);
        Assert.Equal(3, ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation).Networks.Count);
        LatencyTableFile.Write(run.PathOf("slow.json"), LatencyTableFile.Read(run.Directory.Latency).WithCorrection(3));
        string slow = run.PathOf("slow.yaml");
        File.WriteAllText(slow, "kind: table\nfile: slow.json\n");
        var more = new ComparisonOptions
        {
            Run = new RunOptions { Out = options.Run.Out, Resume = true },
            Networks = ["more=random:4"],
            Targets = [slow],
        };
        ComparisonResult result = ProxylessComparison.Run(more, NullRunObserver.Instance, Cancellation);
        Assert.Equal(
            7,
            result
                .Networks.Select(network =>
                    string.Join(
                        '\n',
                        ArchitectureFile
                            .Read(Path.Combine(result.Folder, "networks", network.Name, "architecture.json"))
                            .Blocks.Select(ArchitectureFile.BlockText)
                    )
                )
                .Distinct()
                .Count()
        );
        Assert.All(
            result.Networks,
            network => Assert.Equal(3 * network.LatencyMs, network.OtherLatenciesMs[slow], 1e-9)
        );
        Assert.Contains(
            $"latency_ms on {slow}",
            File.ReadAllText(Path.Combine(result.Folder, "comparison.csv")),
            StringComparison.Ordinal
        );
        Assert.Equal(["random", "more"], result.Groups.Select(group => group.Group));
    }

    [Fact]
    public void A_network_that_is_taken_out_is_gone_and_the_others_stay()
    {
        ComparisonOptions options = Options("dropped", ["random:2"], seeds: 1);
        ComparisonResult both = ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation);
        var without = new ComparisonOptions
        {
            Run = new RunOptions
            {
                Out = options.Run.Out,
                Resume = true,
                Threads = 1,
            },
            Without = ["random-1"],
        };
        string Message(ComparisonOptions wrong) =>
            Assert
                .Throws<InvalidInputException>(() =>
                    ProxylessComparison.Run(wrong, NullRunObserver.Instance, Cancellation)
                )
                .Message;
        Assert.Contains(
            "did you mean 'random-1'",
            Message(without with { Without = ["random1"] }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "nothing to compare",
            Message(without with { Without = ["random-1", "random-2"] }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "RunOptions.Resume",
            Message(options with { Without = ["random-1"] }),
            StringComparison.Ordinal
        );

        NetworkResult left = Assert.Single(
            ProxylessComparison.Run(without, NullRunObserver.Instance, Cancellation).Networks
        );
        Assert.Equal((both.Networks[1].Name, both.Networks[1].Top1), (left.Name, left.Top1));
        Assert.False(Directory.Exists(Path.Combine(options.Run.Out!, "networks", "random-1")));
        Assert.DoesNotContain(
            "random-1",
            File.ReadAllText(Path.Combine(options.Run.Out!, "comparison.csv")),
            StringComparison.Ordinal
        );

        // Taken out and asked for at once, it is another network, with a folder of its own.
        ComparisonResult anew = ProxylessComparison.Run(
            without with
            {
                Without = ["random-2"],
                Networks = ["random:1"],
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.True(
            File.Exists(
                Path.Combine(options.Run.Out!, "networks", Assert.Single(anew.Networks).Name, "architecture.json")
            )
        );
        Assert.Single(Directory.GetDirectories(Path.Combine(options.Run.Out!, "networks")));
    }

    /// <summary>A process that is killed between plan and removal leaves the folder of the removed one.</summary>
    [Fact]
    public void A_network_of_the_name_of_a_removed_one_has_nothing_of_it()
    {
        ComparisonOptions options = Options("reused", ["random:1", TinyNetwork("again", 0)], seeds: 1);
        NetworkResult old = ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation).Networks[1];
        string folder = Path.Combine(options.Run.Out!, "networks", old.Name);
        string kept = run.PathOf("set-aside");
        Directory.Move(folder, kept);
        ProxylessComparison.Run(Resumed(options) with { Without = [old.Name] }, NullRunObserver.Instance, Cancellation);
        Directory.Move(kept, folder);

        var observer = new RecordingObserver();
        ComparisonOptions more = Resumed(options) with { Networks = [TinyNetwork("again", 2)] };
        NetworkResult added = ProxylessComparison.Run(more, observer, Cancellation).Networks[1];
        Assert.Equal(old.Name, added.Name);
        Assert.NotEqual(old.Parameters, added.Parameters);
        Assert.NotEqual(old.LatencyMs, added.LatencyMs);
        Assert.Contains(
            observer.Messages,
            message => message.StartsWith("network 2 of 2: again, top-1", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void What_a_killed_process_has_written_of_a_network_before_the_plan_is_not_used()
    {
        ComparisonOptions options = Options("unplanned", ["random:1"], seeds: 1);
        ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation);
        var directory = new ComparisonDirectory(options.Run.Out!);
        NetworkMeasurement measured = directory.ReadMeasurement(directory.ReadPlan().Networks[0])!;
        Dictionary<string, double> other = measured.Latencies.ToDictionary(place => place.Key, _ => 12_345.0);
        directory.Write(new ComparedNetwork("", "", "new"), measured with { Latencies = other });
        ComparisonOptions more = Resumed(options) with { Networks = [TinyNetwork("new", 0)] };
        NetworkResult added = ProxylessComparison.Run(more, NullRunObserver.Instance, Cancellation).Networks[1];
        Assert.Equal("new", added.Name);
        Assert.InRange(added.LatencyMs, 0, 1000);
    }

    [Fact]
    public void One_that_has_grown_has_no_result_until_all_is_trained()
    {
        ComparisonOptions options = Options("grown", ["random:1"], seeds: 1);
        ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessComparison.Run(Resumed(options) with { Seeds = 2 }, new StopAt("train", 0.2, stop), stop.Token)
        );
        string[] files = ["comparison.csv", "comparison.md", "comparison.svg", "result.json"];
        Assert.All(files, file => Assert.False(File.Exists(Path.Combine(options.Run.Out!, file))));
        Assert.Contains(
            "0 of 1 networks are trained.",
            File.ReadAllText(Path.Combine(options.Run.Out!, "report.html")),
            StringComparison.Ordinal
        );
        ComparisonResult all = ProxylessComparison.Run(Resumed(options), NullRunObserver.Instance, Cancellation);
        Assert.Equal(2, Assert.Single(all.Networks).Trainings);
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(options.Run.Out!, file))));
    }

    [Fact]
    public void A_training_that_diverges_says_how_to_go_on()
    {
        ComparisonOptions options = Options("diverged", ["random:1"], seeds: 1);
        var exception = Assert.Throws<TrainingDivergedException>(() =>
            ProxylessComparison.Run(
                options with
                {
                    Run = options.Run with
                    {
                        Training = options.Run.Training with { LearningRate = 100, WeightDecay = 0.99, Epochs = 50 },
                    },
                },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Contains("ComparisonOptions.Without = random-1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_fails_otherwise_does_not_advise_to_leave_the_network_out()
    {
        ComparisonOptions options = Options("damaged", ["random:1"], seeds: 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessComparison.Run(options, new StopAt("train", 0.5, stop), stop.Token)
        );
        string training = Path.Combine(options.Run.Out!, "networks", "random-1", "seed-0");
        File.WriteAllText(Path.Combine(training, "attempt-1", "training.jsonl"), "damaged\n");
        var resume = new ComparisonOptions
        {
            Run = new RunOptions { Out = options.Run.Out, Resume = true },
        };
        string message = Assert
            .Throws<InvalidInputException>(() =>
                ProxylessComparison.Run(resume, NullRunObserver.Instance, Cancellation)
            )
            .Message;
        string log = Path.Combine(training, "attempt-2", "training.jsonl");
        Assert.Contains($"{log}, line 1", message, StringComparison.Ordinal);
        Assert.True(File.Exists(log));
        Assert.DoesNotContain("Without", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_tells_the_latency_of_networks_that_are_none_of_the_space_where_it_knows_their_parts()
    {
        Architecture other = SearchSpacePresets.ByName("tiny").Architecture(new int[6], 2, "other") with
        {
            Name = "other",
        };
        other = other with { Blocks = [.. other.Blocks.Take(1), .. other.Blocks.Skip(2)] };
        string file = run.PathOf("other.json");
        ArchitectureFile.Write(file, other);
        string target = run.PathOf("table-target.yaml");
        File.WriteAllText(target, $"kind: table\nfile: '{Path.GetFullPath(run.Directory.Latency)}'\n");
        ComparisonOptions options = Options("by-table", ["random:1", file], seeds: 1);
        ComparisonResult result = ProxylessComparison.Run(
            options with
            {
                Run = options.Run with { Target = options.Run.Target with { Name = target } },
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(LatencyTableFile.Read(run.Directory.Latency).Predict(other), result.Networks[1].LatencyMs, 1e-9);
        Assert.Null(result.Networks[1].PredictedLatencyMs);
    }

    [Fact]
    public void A_comparison_is_not_taken_for_a_run()
    {
        ComparisonOptions options = Options("no-run", ["random:1"], seeds: 1);
        ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation);
        Assert.All(
            (RunOptions[])[options.Run with { Overwrite = true }, options.Run with { Resume = true }],
            wrong =>
                Assert.Contains(
                    "holds a comparison",
                    Assert
                        .Throws<InvalidInputException>(() =>
                            ProxylessRun.Run(wrong, NullRunObserver.Instance, Cancellation)
                        )
                        .Message,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void Trainings_from_two_seeds_differ_and_are_judged_on_the_same_images()
    {
        var observer = new RecordingObserver();
        ComparisonOptions options = Options("seeds", ["random:1"], seeds: 2);
        NetworkResult network = ProxylessComparison.Run(options, observer, Cancellation).Networks[0];
        Assert.Equal(2, network.Trainings);
        string[] weights =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(seed =>
                    Convert.ToHexString(
                        SHA256.HashData(
                            File.ReadAllBytes(
                                Path.Combine(
                                    options.Run.Out!,
                                    "networks",
                                    network.Name,
                                    $"seed-{seed}",
                                    "checkpoints",
                                    "best.safetensors"
                                )
                            )
                        )
                    )
                ),
        ];
        Assert.NotEqual(weights[0], weights[1]);
        foreach (int seed in (int[])[0, 1])
        {
            // The model knows by which seed the images were divided, and that is not the training's.
            EvaluateResult judged = ProxylessRun.Evaluate(
                Path.Combine(options.Run.Out!, "networks", network.Name, $"seed-{seed}", "model.onnx"),
                new RunOptions { Data = new() { Path = run.Options.Data.Path } },
                againstNetwork: false,
                observer,
                Cancellation
            );
            Assert.Equal(FinishedRun.TestImages, judged.Images);
        }

        // Fewer are not taken for as many.
        var fewer = new ComparisonOptions
        {
            Run = new RunOptions { Out = options.Run.Out, Resume = true },
            Seeds = 1,
        };
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessComparison.Run(fewer, NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains("ComparisonOptions.Seeds = 1: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void On_images_that_are_divided_already_another_seed_trains_otherwise()
    {
        string images = run.PathOf("divided");
        int picture = 0;
        foreach (string split in (string[])["train", "val", "test"])
        {
            foreach (string name in (string[])["a", "b"])
            {
                string folder = Directory.CreateDirectory(Path.Combine(images, split, name)).FullName;
                for (int i = 0; i < 20; i++)
                {
                    File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestPictures.Noise(picture++, 32, 32));
                }
            }
        }

        string file = TinyNetwork("seeded", 0);
        double LossOf(int seed)
        {
            ComparisonOptions options = Options($"with-seed-{seed}", [file], seeds: 1);
            DataOptions data = options.Run.Data with { Path = images };
            ComparisonResult result = ProxylessComparison.Run(
                options with
                {
                    Run = options.Run with { Seed = seed, Data = data },
                },
                NullRunObserver.Instance,
                Cancellation
            );
            var training = new RunDirectory(Path.Combine(result.Folder, "networks", "seeded", "seed-0"));
            return JsonLines.Read<TrainingCurvePoint>(training.TrainingLog)[^1].TrainLoss;
        }

        Assert.NotEqual(LossOf(1), LossOf(2));
    }

    [Fact]
    public void A_wrong_entry_costs_nothing_that_is_there()
    {
        ComparisonOptions options = Options("kept", ["random:1"], seeds: 1);
        ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation);
        string model = Path.Combine(options.Run.Out!, "networks", "random-1", "seed-0", "model.onnx");
        Assert.Throws<InvalidInputException>(() =>
            ProxylessComparison.Run(
                options with
                {
                    Run = options.Run with { Overwrite = true },
                    Networks = ["random:1", "nowhere.json"],
                },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.True(File.Exists(model));
    }

    [Fact]
    public void One_that_fails_while_its_first_files_are_written_can_be_begun_again()
    {
        ComparisonOptions options = Options("unwritten", ["random:1"], seeds: 1);

        // A file is in the way of the networks.
        string networks = Path.Combine(options.Run.Out!, "networks");
        Directory.CreateDirectory(Path.Combine(options.Run.Out!, ".preparing"));
        File.WriteAllText(networks, "");
        Assert.ThrowsAny<IOException>(() => ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation));
        Assert.True(File.Exists(new RunDirectory(options.Run.Out!).Config));
        File.Delete(networks);
        Assert.Single(ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation).Networks);
        Assert.False(Directory.Exists(Path.Combine(options.Run.Out!, ".preparing")));
    }

    [Fact]
    public void A_run_is_not_taken_for_a_comparison()
    {
        var exception = Assert.Throws<InvalidInputException>(() =>
            ProxylessComparison.Run(
                new ComparisonOptions { Run = run.Options with { Overwrite = true }, Networks = ["random:1"] },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Contains("no comparison", exception.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(run.Result.Model));
    }

    [Fact]
    public void A_limit_far_from_where_random_networks_are_is_refused()
    {
        ComparisonOptions options = Options("far", ["random:3"], seeds: 1);
        var exception = Assert.Throws<InvalidInputException>(() =>
            ProxylessComparison.Run(
                options with
                {
                    Run = options.Run with { Target = options.Run.Target with { LatencyMs = 1000 } },
                },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Contains("nearer the middle of the space", exception.Message, StringComparison.Ordinal);
    }

    private double? ArchitectureScore() =>
        ArchitectureFile.Read(run.Directory.Architecture).Metadata.TryGetValue("supernet_top1", out string? text)
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : null;

    /// <summary>Writes the file of a network of the space and returns its path.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="first">The candidate of its first block; of the others it is the first one.</param>
    private string TinyNetwork(string name, int first)
    {
        string file = run.PathOf($"{name}.json");
        ArchitectureFile.Write(file, SearchSpacePresets.ByName("tiny").Architecture([first, 0, 0, 0, 0, 0], 2, name));
        return file;
    }

    private static ComparisonOptions Resumed(ComparisonOptions begun) =>
        new()
        {
            Run = new RunOptions
            {
                Out = begun.Run.Out,
                Resume = true,
                Threads = 1,
            },
        };

    private ComparisonOptions Options(string name, IReadOnlyList<string> networks, int seeds) =>
        run.Comparison(name, networks, seeds);
}
