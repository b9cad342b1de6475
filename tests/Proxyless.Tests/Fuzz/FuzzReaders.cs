using System.Buffers.Binary;
using System.Text;
using Proxyless.Architectures;
using Proxyless.Cli;
using Proxyless.Comparisons;
using Proxyless.Data;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Search;
using Proxyless.Training;
using SkiaSharp;
using static TorchSharp.torch;

namespace Proxyless.Tests.Fuzz;

/// <summary>Every reader of files that somebody else may have written or damaged.</summary>
internal static class FuzzReaders
{
    private const int Classes = SmallSpace.Classes;

    // 2^28 pixels, beyond which a header is damage: four bytes for each while they are decoded, three of which are
    // kept. And what else there is.
    private const double LargestPictureMb = 2_100;

    private static readonly PreprocessingRecipe Judging = PreprocessingRecipe.ForPhotographs(16, 3);
    private static readonly Transforms Cropping = Transforms.ForTraining(16, smallImages: false, 3);

    private static Architecture Smallest { get; } =
        ArchitectureFile.Parse(
            """
            {"format": "proxyless-architecture/1", "name": "smallest", "resolution": 8, "channels": 3, "classes": 3, "activation": "relu6",
             "stem": {"width": 4, "stride": 2}, "blocks": ["mb3e1 s1 4x4x4 -> 4x4x4", "mb3e2 s2 4x4x4 -> 6x2x2"], "head": {"width": 8}, "metadata": {}}
            """,
            "smallest"
        );

    private static string Csv { get; } =
        "part,milliseconds\n"
        + string.Concat(SpaceParts.Keys(SmallSpace.Space, Classes).Select((key, i) => $"{key},{i}.5\n"));

    private const string Published = """
        Conv-input:16x16x3-output:16x16x8:
          count: 3
          mean: 1.5
          var: 0.25
        Conv_1-input:8x8x16-output:8x8x32:
          mean: 0.5
        Logits-input:8x8x32-output:1000:
          mean: 0.125
        expanded_conv-input:16x16x8-output:8x8x16-expand:3-kernel:3-stride:2-idskip:0:
          mean: 2
          var: 0.01
        expanded_conv-input:16x16x8-output:16x16x8-expand:1-kernel:3-stride:1-idskip:1:
          mean: 0.25
        """;

    private static string[] Targets { get; } =
    [
        "kind: local\nthreads: 1\nbatch: 4\n",
        $"kind: agent\naddress: https://localhost:7443\nfingerprint: {new string('a', 64)}\ntoken: "
            + $"{new string('b', 64)}\nthreads: 1\n",
        "kind: table\nfile: table.csv\nbatch: 1\n",
        "kind: command\ncommand: [time-it, \"{model}\", \"{batch}\"]\npattern: 'median ([0-9.]+) ms'\nunit: ms\n"
            + "repeats: 3\ntimeout: 120\n",
    ];

    private static byte[] IdxImages { get; } = Idx([3, 4, 4], [.. Enumerable.Range(0, 48).Select(i => (byte)i)]);

    private static byte[] IdxLabels { get; } = Idx([3], [0, 1, 2]);

    private static SearchResult Found { get; } =
        new()
        {
            Run = "run",
            Architecture = "run/architecture.json",
            ValidationTop1 = 0.5,
            ExpectedLatencyMs = 1.5,
            PredictedLatencyMs = 1.25,
            LatencyMs = 1.3,
            LatencyLimitMs = 1.5,
            Entropy = 0.25,
            Seconds = 12,
        };

    private static ComparisonPlan Compared { get; } =
        new(
            [new ComparedNetwork("a.json", "a", "a"), new ComparedNetwork("random:2", "random", "random-1")],
            2,
            null,
            ["cpu:2"]
        );

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        Image(
            "jpeg",
            FuzzSyntax.Binary,
            () =>
                [
                    TestPictures.Quarters("baseline.jpg"),
                    TestPictures.Quarters("progressive.jpg"),
                    TestPictures.Quarters("cmyk.jpg"),
                    TestPictures.Oriented(6),
                    TestPictures.Oriented(2),
                    TestPictures.Waves(48, 40),
                ]
        ),
        Image(
            "png",
            FuzzSyntax.Png,
            () =>
                [
                    .. new[]
                    {
                        "color.png",
                        "palette.png",
                        "transparent-palette.png",
                        "16-bit.png",
                        "16-bit-gray.png",
                    }.Select(TestPictures.Quarters),
                    TestPictures.HalfTransparent(),
                    TestPictures.OrientedPng(6),
                ],
            () =>
                [
                    .. new[]
                    {
                        (65_535, 65_535),
                        (16_000, 16_000),
                        (1 << 28, 1),
                        (int.MaxValue, 1),
                        (0, 0),
                        (-1, -1),
                        (30_000, 30_000),
                    }.Select(size =>
                        ContainerMutator.WithSize(TestPictures.Quarters("color.png"), size.Item1, size.Item2)
                    ),
                ]
        ),
        Image(
            "webp",
            FuzzSyntax.Binary,
            () =>
                [
                    TestPictures.Quarters("color.webp"),
                    TestPictures.Noise(1, 20, 12, SKEncodedImageFormat.Webp),
                    TestPictures.OrientedWebp(6, jpegPrefix: true),
                ]
        ),
        Image("bmp", FuzzSyntax.Binary, () => [TestPictures.Quarters("color.bmp")]),
        Image("gif", FuzzSyntax.Binary, () => [TestPictures.Quarters("animated.gif")]),
        Text(
            "space",
            6,
            FuzzSyntax.Yaml,
            "space.yaml",
            () =>
                [
                    SearchSpaceFile.ToYaml(TinyNetworks.Space),
                    SearchSpaceFile.ToYaml(SmallSpace.Space),
                    Configured("spaces/example.yaml"),
                ],
            HostileTexts.Yaml,
            UseSpace
        ),
        Text(
            "target",
            6,
            FuzzSyntax.Yaml,
            "target.yaml",
            () => Targets,
            HostileTexts.Yaml,
            UseTarget,
            ("table.csv", Csv)
        ),
        Text(
            "config.yaml",
            4,
            FuzzSyntax.Yaml,
            "config.yaml",
            WrittenConfigs,
            HostileTexts.Yaml,
            path => RunConfigFile.Read(path).Validate()
        ),
        Text(
            "--config",
            3,
            FuzzSyntax.Yaml,
            "run.yaml",
            () => [Configured("run.yaml"), Configured("imagenet-cpu.yaml"), "latency: 5\nstrict: true\n"],
            HostileTexts.Yaml,
            path => CommandLine.Parse(CommandLine.Root(), ["run", "--config", path])
        ),
        Text(
            "architecture.json",
            6,
            FuzzSyntax.Json,
            "architecture.json",
            () =>
                [
                    ArchitectureFile.ToJson(SmallSpace.Network(0, 1, 2)),
                    ArchitectureFile.ToJson(SmallSpace.Network(2, 3, 3)),
                ],
            HostileTexts.Json,
            UseArchitecture
        ),
        Text(
            "net.config",
            6,
            FuzzSyntax.Json,
            "net.config",
            () =>
                [
                    ArchitectureFile.ToNetConfig(SmallSpace.Network(0, 1, 2)),
                    ArchitectureFile.ToNetConfig(SmallSpace.Network(2, 3, 3)),
                ],
            HostileTexts.Json,
            UseArchitecture
        ),
        Text(
            "plan.json",
            6,
            FuzzSyntax.Json,
            "plan.json",
            () =>
                Written(
                    path =>
                        new RunPlan
                        {
                            Search = new SearchPlan(100, 25, 2),
                            TrainSteps = 50,
                            FineTuning = new Proxyless.Runs.FineTuning(16, IsTrained: true, Top1: 0.9, Images: 84)
                            {
                                IsCrossValidated = true,
                                MostTrialSteps = 25,
                            },
                            SearchSeconds = 1.5,
                            TrainSeconds = 2,
                            DataFingerprint = "abc",
                        }.Write(new RunDirectory(path)),
                    "plan.json"
                ),
            HostileTexts.Json,
            UsePlan
        ),
        Text(
            "search.json",
            6,
            FuzzSyntax.Json,
            "search.json",
            () => [Serialized(Found)],
            HostileTexts.Json,
            path => new RunStore(DirectoryOf(path)).ReadSearchResult().Architecture.Trim()
        ),
        Text(
            "comparison.json",
            6,
            FuzzSyntax.Json,
            "comparison.json",
            () => [Serialized(Compared)],
            HostileTexts.Json,
            UseComparison
        ),
        Text(
            "measurement.json",
            6,
            FuzzSyntax.Json,
            "networks/a/measurement.json",
            () =>
                [Serialized(new NetworkMeasurement(new Dictionary<string, double> { ["cpu"] = 1.5 }, 1.4, null, null))],
            HostileTexts.Json,
            UseMeasurement
        ),
        Text(
            "result.json of a training",
            6,
            FuzzSyntax.Json,
            "networks/a/seed-0/result.json",
            () => [Serialized(new NetworkTraining(0.9, 0.99, 12))],
            HostileTexts.Json,
            path => new ComparisonDirectory(Above(path, 4)).ReadTraining(Compared.Networks[0], 0)
        ),
        Text(
            "latency.json",
            4,
            FuzzSyntax.Json,
            "latency.json",
            () =>
                Written(
                    path => LatencyTableFile.Write(Path.Combine(path, "latency.json"), SmallSpace.Table()),
                    "latency.json"
                ),
            HostileTexts.Json,
            UseTable
        ),
        Text(
            "table in CSV",
            6,
            FuzzSyntax.Lines,
            "table.csv",
            () => [Csv],
            HostileTexts.Json,
            path => UseTable(new TableTarget("box", path, 1))
        ),
        Text(
            "table of the authors",
            6,
            FuzzSyntax.Yaml,
            "table.yaml",
            () => [Published],
            HostileTexts.Yaml,
            path => UseTable(new TableTarget("phone", path, 1))
        ),
        Text(
            "search.jsonl",
            5,
            FuzzSyntax.Json,
            "search.jsonl",
            () => [Lines(Epoch(1), Epoch(2), Epoch(3))],
            HostileTexts.Json,
            UseSearchLog
        ),
        Text(
            "scores.jsonl",
            6,
            FuzzSyntax.Json,
            "scores.jsonl",
            () =>
                [
                    Lines(
                        new SharedScore([1, 0, 2], 1.5, 0.5, "box 2 ms"),
                        new SharedScore([0, 3, 3], 0.75, 0.625, "front of box"),
                        new SharedScore([2, 1, 0], 2, 0.25)
                    ),
                ],
            HostileTexts.Json,
            UseScores
        ),
        Text(
            "training.jsonl",
            6,
            FuzzSyntax.Json,
            "training.jsonl",
            () => [Lines(new TrainingCurvePoint(1, 2.5, 0.5, 0.1), new TrainingCurvePoint(2, 1.5, null, 0.05))],
            HostileTexts.Json,
            path => JsonLines.Read<TrainingCurvePoint>(path).Sum(point => point.Epoch)
        ),
        Text(
            "cross-validated.jsonl",
            6,
            FuzzSyntax.Json,
            "cross-validated.jsonl",
            () => [Lines(new ImageAnswer("cat/1.jpg", 0, 1, 0.75, 0.25), new ImageAnswer("cat/2.jpg", 0, 0, 0.5, 0.5))],
            HostileTexts.Json,
            path => JsonLines.Read<ImageAnswer>(path).Sum(answer => answer.Image.Length)
        ),
        Text(
            "warnings.jsonl",
            6,
            FuzzSyntax.Json,
            "warnings.jsonl",
            () => [Lines("one", "two \"quoted\"")],
            HostileTexts.Json,
            path => JsonLines.Read<string>(path).Sum(text => text.Length)
        ),
        Data(
            "idx images",
            FuzzSyntax.Binary,
            "train-images-idx3-ubyte",
            () => [IdxImages],
            HostileIdx,
            ("train-labels-idx1-ubyte", IdxLabels)
        ),
        Data(
            "idx labels",
            FuzzSyntax.Binary,
            "train-labels-idx1-ubyte",
            () => [IdxLabels],
            HostileIdx,
            ("train-images-idx3-ubyte", IdxImages)
        ),
        Data(
            "idx images in gzip",
            FuzzSyntax.GZip,
            "train-images-idx3-ubyte.gz",
            () => [ContainerMutator.Compressed(IdxImages)],
            () => [ContainerMutator.Compressed(new byte[1 << 24]), .. HostileIdx().Select(ContainerMutator.Compressed)],
            ("train-labels-idx1-ubyte", IdxLabels)
        ),
        Data(
            "labels.txt",
            FuzzSyntax.Lines,
            "labels.txt",
            () => ["zero\none\ntwo\n"u8.ToArray()],
            () => [],
            ("train-images-idx3-ubyte", IdxImages),
            ("train-labels-idx1-ubyte", IdxLabels)
        ),
        Data(
            "cifar-10",
            FuzzSyntax.Binary,
            "data_batch_1.bin",
            () => [Cifar(0, 9, 4)],
            () => [],
            ("data_batch_2.bin", Cifar(1, 2)),
            ("test_batch.bin", Cifar(3))
        ),
        Data(
            "batches.meta.txt",
            FuzzSyntax.Lines,
            "batches.meta.txt",
            () => [Encoding.UTF8.GetBytes(string.Join('\n', "abcdefghij".Select(letter => letter.ToString())))],
            () => [],
            ("data_batch_1.bin", Cifar(1, 2))
        ),
        new(
            "safetensors",
            4,
            FuzzSyntax.SafeTensors,
            "weights.safetensors",
            SmallWeights,
            HostileTexts.SafeTensors,
            _ => path => SafeTensorsFile.Read(path)
        ),
        new(
            "checkpoint of a training",
            2,
            FuzzSyntax.SafeTensors,
            "checkpoints/last.safetensors",
            TrainingCheckpoints,
            HostileTexts.SafeTensors,
            TrainingReader
        ),
        new(
            "checkpoint of a search",
            1,
            FuzzSyntax.SafeTensors,
            "checkpoints/search.safetensors",
            SearchCheckpoints,
            HostileTexts.SafeTensors,
            SearchReader
        ),
        .. WeightsFuzz.Readers,
        new(
            "model.onnx",
            2,
            FuzzSyntax.Onnx,
            "model.onnx",
            () => [NetworkExporter.Untrained(Smallest)],
            () => [],
            _ => UseModel
        ),
    ];

    private static FuzzReader Image(
        string name,
        FuzzSyntax syntax,
        Func<IReadOnlyList<byte[]>> seeds,
        Func<IReadOnlyList<byte[]>>? hostile = null
    ) => new(name, 8, syntax, "image", seeds, hostile ?? (() => []), _ => UseImage) { MostPeakMb = LargestPictureMb };

    private static FuzzReader Text(
        string name,
        int share,
        FuzzSyntax syntax,
        string file,
        Func<IReadOnlyList<string>> seeds,
        Func<IReadOnlyList<byte[]>> hostile,
        Action<string> read,
        params (string Name, string Text)[] others
    ) =>
        new(
            name,
            share,
            syntax,
            file,
            () => [.. seeds().Select(Encoding.UTF8.GetBytes)],
            hostile,
            folder =>
            {
                File.WriteAllText(Path.Combine(folder, "another file"), "that stays as it is");
                Array.ForEach(others, other => File.WriteAllText(Path.Combine(folder, other.Name), other.Text));
                return read;
            }
        );

    private static FuzzReader Data(
        string name,
        FuzzSyntax syntax,
        string file,
        Func<IReadOnlyList<byte[]>> seeds,
        Func<IReadOnlyList<byte[]>> hostile,
        params (string Name, byte[] Bytes)[] others
    ) =>
        new(
            name,
            6,
            syntax,
            file,
            seeds,
            hostile,
            folder =>
            {
                Array.ForEach(others, other => File.WriteAllBytes(Path.Combine(folder, other.Name), other.Bytes));
                return UseData;
            }
        );

    private static void UseImage(string path)
    {
        byte[] bytes = ImageFile.Read(path);
        try
        {
            UseImage(bytes, path);
        }
        catch (UnreadableImageException exception)
        {
            throw ImageFile.Refused(exception);
        }
    }

    private static void UseImage(byte[] bytes, string path)
    {
        int width,
            height;
        using (EncodedImage sized = EncodedImage.Open(bytes, path))
        {
            (width, height) = (sized.Width, sized.Height);
        }

        // As files are looked at before a run, and as they are judged: each on its own, for what one refuses the other
        // may take.
        Attempt(() =>
        {
            using EncodedImage looked = EncodedImage.Open(bytes, path);
            looked.Check();
        });
        Attempt(() =>
        {
            using EncodedImage judged = EncodedImage.Open(bytes, path);
            Preprocessor.Scale(judged, Judging, new float[3 * 16 * 16]);
        });
        DecodedImage whole = ImageDecoder.Decode(bytes, path);
        Require(whole.Width == width && whole.Height == height, "the header tells of another size");
        Require(whole.Pixels.Length == 3 * width * height, "there are more or fewer pixels than the size tells");
        _ = ImageDecoder.Decode(bytes, path, channels: 1);
        var random = new SplitMix64(bytes.Length);
        using EncodedImage encoded = EncodedImage.Open(bytes, path);
        Region region = Cropping.ChooseRegion(width, height, ref random);
        foreach (int denominator in (int[])[1, 8])
        {
            using DecodedPart? part = encoded.DecodePart(3, denominator, region, 16);
            if (part is not null)
            {
                Cropping.Apply(part, new float[3 * 16 * 16], ref random);
            }
        }
    }

    private static void Attempt(Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is InvalidInputException or UnreadableImageException)
        {
            // Refused, as it may be.
        }
    }

    private static void UseSpace(string path)
    {
        SearchSpace space = SearchSpaceFile.Open(path);
        double largest = SpaceCost.MultiplyAdds(space, Classes).Largest;
        Require(double.IsFinite(largest) && largest >= 0, $"a network of the space would have {largest} multiply-adds");
        Require(
            SearchSpaceFile.Parse(SearchSpaceFile.ToYaml(space), "again").Blocks().Count == space.Blocks().Count,
            "written and read it is another space"
        );
    }

    private static void UseTarget(string path)
    {
        ITarget target = TargetFile.Open(path);
        (target as IDisposable)?.Dispose();
        Require(target.Batch >= 1, "a batch without images");
    }

    private static void UseArchitecture(string path)
    {
        Architecture architecture = ArchitectureFile.Open(path);
        ArchitectureCost cost = ArchitectureCost.Of(architecture);
        Require(
            cost.Parameters > 0 && cost.MultiplyAdds > 0,
            $"a network of {cost.Parameters} parameters and {cost.MultiplyAdds} multiply-adds"
        );
        ArchitectureFile.Parse(ArchitectureFile.ToJson(architecture), "again");
    }

    private static void UsePlan(string path)
    {
        RunPlan plan = RunPlan.Read(DirectoryOf(path));
        Require(plan.TrainSteps is null or >= 0, $"{plan.TrainSteps} steps of training");
        Require(plan.FineTuning?.MostTrialSteps is null or >= 1, $"{plan.FineTuning?.MostTrialSteps} steps of a trial");
        Require(plan.Search is null || plan.Search.ArchitectureSteps > 0, "no architecture steps");
        _ = plan.Search?.HasArchitectureStep(plan.Search.WarmupSteps);
        Require(TimeSpan.FromSeconds(plan.SearchSeconds + plan.TrainSeconds) >= TimeSpan.Zero, "less than no time");
    }

    private static void UseComparison(string path)
    {
        var directory = new ComparisonDirectory(Path.GetDirectoryName(path)!);
        ComparisonPlan plan = directory.ReadPlan();
        Require(plan.Seeds >= 1, $"{plan.Seeds} trainings");
        foreach (ComparedNetwork network in plan.Networks)
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(directory.Architecture(network)))!;
            Require(
                Path.GetDirectoryName(folder) == Path.Combine(Path.GetDirectoryName(path)!, "networks"),
                $"'{folder}' is no folder of the comparison"
            );
        }

        _ =
            plan.Targets.Sum(target => target.Length)
            + plan.Networks.Sum(network => network.Group.Length + network.Request.Length);
    }

    private static void UseMeasurement(string path) =>
        _ = new ComparisonDirectory(Above(path, 3))
            .ReadMeasurement(Compared.Networks[0])
            ?.Latencies.Sum(pair => pair.Value);

    private static void UseTable(string path)
    {
        LatencyTable table = LatencyTableFile.Read(path);
        UseTable(new TableTarget("box", path, 1));
        double sum = table.ToSpaceCost(SmallSpace.Space, Classes).Largest;
        Require(double.IsFinite(sum), $"a network that takes {sum} ms");
        Require(table.Reference.Choice.All(choice => choice >= 0), "a reference that chooses nothing");
    }

    private static void UseTable(TableTarget target) =>
        Require(
            !double.IsNaN(target.Predict(SmallSpace.Network(0, 3, 3), NullRunObserver.Instance)),
            "a latency that is no number"
        );

    private static void UseSearchLog(string path)
    {
        foreach (SearchEpoch epoch in JsonLines.Read<SearchEpoch>(path))
        {
            // As the report has it.
            _ = epoch.Probabilities.Average(p => -p.Where(value => value > 0).Sum(value => value * Math.Log(value)));
            _ = epoch.ExpectedCosts.TryGetValue("latency", out _) || epoch.Multipliers.Count > 0;
            _ = epoch.Pruned.Sum(one => one.Length);
        }
    }

    private static void UseScores(string path)
    {
        var scores = new ScoreLog(file: null, new RunStore(DirectoryOf(path)).ReadScores(SmallSpace.Space));
        double[][] none = [.. SmallSpace.Space.Blocks().Select(block => new double[block.Candidates.Count])];
        var cost = new SpaceCost("latency", "ms", 1, none);
        Require(
            scores.Scores.All(score => cost.Of(score.Choice) == 1 && double.IsFinite(score.Loss)),
            "a score that is none"
        );
        var search = new SurrogateSearch(
            CandidateFeatures.Of(SmallSpace.Space),
            [.. none.Select(block => block.Select(_ => true).ToArray())],
            [new CostLimit(cost, 2)]
        );
        _ = search
            .Rank([.. scores.DecidedBy("box 2 ms").Select(score => new ScoredNetwork(score.Choice, -score.Loss))])
            .Count;
    }

    private static void UseData(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        DatasetLayout layout =
            Cifar10Files.TryRead(folder)
            ?? IdxFiles.TryRead(folder)
            ?? throw new InvalidInputException($"{folder}: nothing that is known");
        foreach (ImageSource source in layout.Sources)
        {
            for (int i = 0; i < source.Count; i++)
            {
                Require(source.Label(i) < layout.Classes.Count, "a class without a name");
                _ = source.Read(i);
            }
        }
    }

    private static Action<string> TrainingReader(string folder)
    {
        Libtorch.Load();
        var network = new CompactNetwork(Smallest, new NetworkOptions());
        return path =>
        {
            using var optimizer = new SgdOptimizer();
            var last = new CheckpointFile(path);
            TrainingSession.Resume(last, [.. network.Tensors], optimizer, null, NullRunObserver.Instance);
        };
    }

    private static Action<string> SearchReader(string folder) =>
        path =>
        {
            using SuperNetwork network = TinyNetworks.Build();
            using ArchitectureSearch search = Search(network, path);
            TargetSearchState state = search.State().Targets[0];
            var parameters = new ArchitectureParameters(state.Logits.Select(block => block.Length));
            parameters.Restore(state.Logits, state.CostLogits);
            Require(parameters.Probabilities().All(block => Math.Abs(block.Sum() - 1) < 1e-6), "odds that are none");
        };

    private static ArchitectureSearch Search(SuperNetwork network, string checkpoint) =>
        new(
            network,
            new SearchSettings
            {
                Plan = new SearchPlan(4, 1, 1),
                LearningRate = 0.05,
                ArchitectureRate = 0.1,
            },
            [
                new SearchedTarget(
                    "cpu",
                    new SearchLimits(
                        null,
                        new CostLimit(SpaceCost.MultiplyAdds(TinyNetworks.Space, TinyNetworks.Classes), 1e6)
                    ),
                    Path.Combine(Path.GetDirectoryName(checkpoint)!, "none.jsonl")
                ),
            ],
            checkpoint,
            DataParallel.Alone,
            NullRunObserver.Instance
        );

    private static void UseModel(string path)
    {
        using OnnxClassifier model = EvaluateStage.Load(path, threads: 1);
        _ = ModelImages.Of(model).ToMetadata().Count();
        float[] scores = model.Run(new float[model.Channels * model.Resolution * model.Resolution], 1);
        Require(scores.Length == model.Classes.Count, $"{scores.Length} scores of {model.Classes.Count} classes");
        Require(model.Classes.All(name => name is not null), "a class without a name");
    }

    private static byte[][] SmallWeights()
    {
        Libtorch.Load();
        using Tensor one = tensor([.. Enumerable.Range(0, 12).Select(i => (float)i)], 3, 4);
        using Tensor two = zeros(2);
        using Tensor nothing = zeros(0);
        return WithAndWithoutChecksum(path =>
            SafeTensorsFile.Write(
                path,
                [("one", one), ("two", two), ("nothing", nothing)],
                new Dictionary<string, string> { ["step"] = "7" }
            )
        );
    }

    /// <summary>
    /// A file of ours, and the same as others write it: a change of that one is not noticed by the checksum, before
    /// anything else is read.
    /// </summary>
    private static byte[][] WithAndWithoutChecksum(Action<string> write)
    {
        byte[] with = WrittenBytes(write);
        byte[] without = [.. with];
        "sha000"u8.CopyTo(without.AsSpan(without.AsSpan().IndexOf("sha256"u8)));
        return [without, with];
    }

    private static byte[][] TrainingCheckpoints()
    {
        Libtorch.Load();
        using var network = new CompactNetwork(Smallest, new NetworkOptions());
        NetworkTensor[] tensors = [.. network.Tensors];
        using Tensor momentum = zeros_like(tensors[0].Value);
        var metadata = new Dictionary<string, string>
        {
            ["step"] = "1",
            ["best"] = "0.5",
            ["loss_sum"] = "1.25",
            ["loss_steps"] = "1",
        };
        return WithAndWithoutChecksum(path =>
            SafeTensorsFile.Write(
                path,
                [.. tensors.Select(tensor => (tensor.Name, tensor.Value)), ($"momentum.{tensors[0].Name}", momentum)],
                metadata
            )
        );
    }

    private static byte[][] SearchCheckpoints()
    {
        using SuperNetwork network = TinyNetworks.Build();
        using var folder = new TemporaryFolder();
        using var optimizer = new SgdOptimizer();
        using ArchitectureSearch search = Search(network, Path.Combine(folder.Root, "none"));
        return WithAndWithoutChecksum(path => search.State().Write(new CheckpointFile(path), network, optimizer));
    }

    private static SearchEpoch Epoch(int number) =>
        new(
            number,
            10 * number,
            2.5,
            0.25,
            number == 1 ? null : 1.5,
            new Dictionary<string, double> { ["latency"] = 1.5 },
            new Dictionary<string, double> { ["latency"] = 0.1 },
            0.9,
            0.1,
            [
                [0.5, 0.5],
                [1, 0],
            ],
            number == 1
                ? []
                :
                [
                    [1, 1],
                ]
        );

    private static byte[] Idx(int[] shape, byte[] values)
    {
        byte[] header = new byte[4 * (1 + shape.Length)];
        BinaryPrimitives.WriteInt32BigEndian(header, 0x0800 + shape.Length);
        for (int i = 0; i < shape.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 * (i + 1)), shape[i]);
        }

        return [.. header, .. values];
    }

    private static IReadOnlyList<byte[]> HostileIdx() =>
        [
            // The first two products are 2^64: nothing, where 64 bits are counted with.
            Idx([1 << 10, 1 << 27, 1 << 27], []),
            Idx([1 << 24, 1 << 24, 1 << 16], []),
            Idx([int.MaxValue, int.MaxValue, int.MaxValue], [1]),
            Idx([3, -4, -4], [.. Enumerable.Range(0, 48).Select(i => (byte)i)]),
            Idx([int.MaxValue], [1, 2, 3]),
            Idx([3, 4, 4], []),
        ];

    private static byte[] Cifar(params byte[] labels) =>
        [.. labels.SelectMany(label => (byte[])[label, .. new byte[3072]])];

    private static IReadOnlyList<string> WrittenConfigs()
    {
        RunOptions[] options =
        [
            new(),
            new RunOptions
            {
                Data = new() { Path = "my photos", Strict = true },
                Search = new() { Space = "cifar", Update = ArchitectureUpdate.Reinforce },
                Target = new()
                {
                    LatencyMs = 2.5,
                    MaxMacs = 20_000_000_000,
                    AlsoFor = "board=40",
                },
                Time = TimeSpan.FromMinutes(150),
                Out = "runs/a",
                Training = new() { Ema = 0.999 },
            },
        ];
        return
        [
            .. options.Select(one => Encoding.UTF8.GetString(WrittenBytes(path => RunConfigFile.Write(path, one)))),
        ];
    }

    private static string Configured(string name) => File.ReadAllText(Path.Combine(Repository.Root, "configs", name));

    private static string Serialized<T>(T value) =>
        System.Text.Json.JsonSerializer.Serialize(value, JsonLines.Indented);

    private static string Lines<T>(params T[] lines) =>
        string.Concat(lines.Select(line => System.Text.Json.JsonSerializer.Serialize(line, JsonLines.Options) + "\n"));

    private static string[] Written(Action<string> write, string name)
    {
        using var folder = new TemporaryFolder();
        write(folder.Root);
        return [File.ReadAllText(Path.Combine(folder.Root, name))];
    }

    private static byte[] WrittenBytes(Action<string> write)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "file");
        write(file);
        return File.ReadAllBytes(file);
    }

    private static RunDirectory DirectoryOf(string path) => new(Path.GetDirectoryName(path)!);

    private static string Above(string path, int levels) =>
        levels == 0 ? path : Above(Path.GetDirectoryName(path)!, levels - 1);

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"read, but {otherwise}");
        }
    }
}
