using CsCheck;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Export;
using Proxyless.Inference;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Inference;

/// <summary>One recipe, whoever feeds the model.</summary>
public sealed class PreprocessingTests
{
    private static readonly Dictionary<string, byte[]> Photos = new()
    {
        ["upright.jpg"] = TestPictures.Waves(301, 203),
        ["lying.jpg"] = TestPictures.Oriented(TestPictures.Waves(403, 201), 6),
        ["mirrored.jpg"] = TestPictures.Oriented(TestPictures.Waves(97, 141), 7),
        ["gray.png"] = TestPictures.Quarters("16-bit-gray.png"),
        ["alpha.png"] = TestPictures.Quarters("transparent-palette.png"),
        ["cmyk.jpg"] = TestPictures.Quarters("cmyk.jpg"),
        ["small.png"] = TestPictures.Noise(3, 16, 16),
    };

    public static TheoryData<bool, int> Recipes =>
        new()
        {
            { true, 3 },
            { true, 1 },
            { false, 3 },
            { false, 1 },
        };

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Evaluation_export_check_and_prediction_make_the_same_array_of_a_photo(bool smallImages, int channels)
    {
        using var folder = new TemporaryFolder();
        string[] names = [.. Photos.Keys.Order()];
        foreach (string name in names)
        {
            folder.Add($"photo/{name}", Photos[name]);
        }

        using OnnxClassifier model = Model(smallImages, channels);
        PreprocessingRecipe recipe = model.Preprocessing;
        float[][] predicted = [.. names.Select(name => model.Prepare(Photos[name], name))];

        float[][] evaluated = Rendered(folder.Root, names, Transforms.ForModel(recipe), keep: false);
        float[][] kept = Rendered(folder.Root, names, Transforms.ForModel(recipe), keep: true);
        var transforms = Transforms.ForEvaluation(recipe);
        float[][] normalized = Rendered(folder.Root, names, transforms, keep: false);

        Assert.All(
            names.Index(),
            photo =>
            {
                Assert.Equal(predicted[photo.Index], evaluated[photo.Index]);
                Assert.Equal(predicted[photo.Index], kept[photo.Index]);
                int plane = recipe.Resolution * recipe.Resolution;
                Assert.All(
                    predicted[photo.Index].Index(),
                    value =>
                        Assert.Equal(
                            (value.Item - transforms.Mean[value.Index / plane]) / transforms.Std[value.Index / plane],
                            normalized[photo.Index][value.Index],
                            2e-6f / transforms.Std.Min()
                        )
                );
            }
        );
    }

    [Fact]
    public void A_photo_that_lies_on_its_side_is_turned_first()
    {
        using OnnxClassifier model = Model(smallImages: false, channels: 3);
        DecodedImage upright = ImageDecoder.Decode(Photos["lying.jpg"], "lying.jpg");
        Assert.Equal((201, 403), (upright.Width, upright.Height));
        var square = new float[model.Preprocessing.Length];
        Preprocessor.Scale(upright, model.Preprocessing, square);
        float[] expected = Preprocessor.ToInput(model.Preprocessing, square);

        Assert.All(
            expected.Zip(model.Prepare(Photos["lying.jpg"], "lying.jpg")),
            pair => Assert.Equal(pair.First, pair.Second, 1e-5f)
        );
    }

    [Fact]
    public void Scaling_is_the_filter_of_the_definition()
    {
        var cases = Gen.Select(Gen.Int[1, 24], Gen.Int[1, 24], Gen.Int[1, 9], Gen.Int[0, 1000], Gen.Bool, Gen.Bool);
        cases.Sample(
            (width, height, side, seed, isColor, isCropped) =>
            {
                int channels = isColor ? 3 : 1;
                var pixels = new byte[width * height * channels];
                new Random(seed).NextBytes(pixels);
                foreach (ImageFilter filter in Enum.GetValues<ImageFilter>())
                {
                    PreprocessingRecipe recipe = PreprocessingRecipe.ForPhotographs(side, channels) with
                    {
                        Filter = filter,
                        CropRatio = isCropped ? 0.875 : null,
                    };
                    Region region = recipe.RegionOf(width, height);
                    var square = new float[recipe.Length];

                    Preprocessor.Scale(new DecodedImage(width, height, channels, pixels), recipe, square);

                    Assert.All(
                        square.Index(),
                        value =>
                            Assert.Equal(
                                Math.Clamp(
                                    FilterDefinition.Value(
                                        pixels,
                                        width,
                                        height,
                                        channels,
                                        region,
                                        side,
                                        value.Index,
                                        filter
                                    ),
                                    0,
                                    255
                                ),
                                value.Item,
                                0.01
                            )
                    );
                }
            },
            iter: 200
        );
    }

    [Fact]
    public void Range_mean_and_deviation_are_applied_for_models_that_do_not_normalize()
    {
        PreprocessingRecipe recipe = PreprocessingRecipe.ForPhotographs(1, 3) with
        {
            Range = 255,
            Mean = [123.5f, 116.25f, 103.5f],
            Deviation = [58.5f, 57.25f, 57.5f],
        };

        float[] input = Preprocessor.ToInput(recipe, [255, 128, 0]);

        Assert.Equal((255 - 123.5f) / 58.5f, input[0], 1e-5f);
        Assert.Equal((128 - 116.25f) / 57.25f, input[1], 1e-5f);
        Assert.Equal(-103.5f / 57.5f, input[2], 1e-5f);
        var transforms = Transforms.ForModel(recipe);
        float[] square = [255, 128, 0];
        var random = new SplitMix64(0);
        transforms.Finish(square, ref random);
        Assert.All(input.Zip(square), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void A_recipe_comes_back_from_its_json()
    {
        PreprocessingRecipe recipe = PreprocessingRecipe.ForPhotographs(224, 3) with
        {
            Filter = ImageFilter.Bicubic,
            CropRatio = 0.9,
            Rounds = true,
            Range = 255,
            Mean = [1, 2, 3],
        };

        PreprocessingRecipe read = PreprocessingRecipe.Parse(recipe.ToJson());

        Assert.Equivalent(recipe, read, strict: true);
        Assert.Contains("\"crop_ratio\":0.9", recipe.ToJson(), StringComparison.Ordinal);
        Assert.Null(PreprocessingRecipe.Parse(PreprocessingRecipe.ForSmallImages(32, 1).ToJson()).CropRatio);
    }

    [Theory]
    [InlineData("", "", "preprocessing")]
    [InlineData("\"rounds\":false,", "", "rounds")]
    [InlineData("\"resolution\":32", "\"resolution\":0", "resolution 0")]
    [InlineData("\"channels\":1", "\"channels\":2", "channels 2")]
    [InlineData("\"deviation\":[1]", "\"deviation\":[0]", "deviation 0")]
    [InlineData("\"mean\":[0]", "\"mean\":[0,0]", "mean 0, 0")]
    [InlineData("\"mean\":[0]", "\"mean\":null", "mean")]
    [InlineData("\"crop_ratio\":0.875", "\"crop_ratio\":1.5", "crop_ratio 1.5")]
    [InlineData("\"range\":1", "\"range\":2", "range 2")]
    [InlineData("Triangle", "Lanczos", "filter")]
    [InlineData("{", "{\"vignette\":1,", "vignette")]
    public void What_is_no_recipe_is_refused_and_named(string right, string wrong, string named)
    {
        string json = PreprocessingRecipe.ForPhotographs(32, 1).ToJson();
        Assert.Contains(right, json, StringComparison.Ordinal);
        string changed = right.Length == 0 ? wrong : json.Replace(right, wrong, StringComparison.Ordinal);

        var refused = Assert.Throws<FormatException>(() => PreprocessingRecipe.Parse(changed));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_of_before_there_were_recipes_are_fed_as_they_were()
    {
        foreach (bool smallImages in (bool[])[true, false])
        {
            using OnnxClassifier old = Model(smallImages, 3, withRecipe: false);
            using OnnxClassifier model = Model(smallImages, 3);
            Assert.False(old.Metadata.ContainsKey(PreprocessingRecipe.MetadataKey));
            Assert.Equivalent(model.Preprocessing, old.Preprocessing, strict: true);
        }
    }

    [Fact]
    public void A_model_whose_recipe_is_of_another_size_is_refused()
    {
        Architecture architecture = SmallSpace.Network(0, 0, 0);
        byte[] onnx = NetworkExporter.Export(
            architecture,
            new RandomWeights(architecture),
            ExportOptions.Untrained(3, SmallSpace.Classes) with
            {
                Preprocessing = PreprocessingRecipe.ForPhotographs(15, 3),
            }
        );

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => OnnxClassifier.Load(onnx, "a.onnx"));

        Assert.Contains("3x15x15", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_come_likeliest_first_and_their_shares_add_up()
    {
        using OnnxClassifier model = Model(smallImages: false, channels: 3);

        IReadOnlyList<ClassProbability> classes = model.Classify(Photos["upright.jpg"], "upright.jpg");

        Assert.Equal(SmallSpace.Classes, classes.Count);
        Assert.Equal(1, classes.Sum(one => one.Probability), 1e-5);
        Assert.Equal(classes.OrderByDescending(one => one.Probability), classes);
        Assert.Equal(classes.Take(2), model.Classify(Photos["upright.jpg"], "upright.jpg", top: 2));
        Assert.Throws<UnreadableImageException>(() => model.Classify([1, 2, 3], "a.jpg"));
        Assert.Equal(
            301 * 203,
            Assert
                .Throws<UnreadableImageException>(() => model.Classify(Photos["upright.jpg"], "a.jpg", maxPixels: 100))
                .Pixels
        );
    }

    private static OnnxClassifier Model(bool smallImages, int channels, bool withRecipe = true)
    {
        SearchSpace space = SmallSpace.Space.WithInput(SmallSpace.Space.Resolution, channels);
        Architecture architecture = space.Architecture([0, 0, 0], SmallSpace.Classes, "network");
        PreprocessingRecipe recipe = smallImages
            ? PreprocessingRecipe.ForSmallImages(architecture.Resolution, channels)
            : PreprocessingRecipe.ForPhotographs(architecture.Resolution, channels);
        byte[] onnx = NetworkExporter.Export(
            architecture,
            new RandomWeights(architecture),
            ExportOptions.Untrained(channels, SmallSpace.Classes) with
            {
                Preprocessing = withRecipe ? recipe : null,
                Provenance = new Dictionary<string, string> { ["small_images"] = smallImages ? "true" : "false" },
            }
        );
        return OnnxClassifier.Load(onnx, "model");
    }

    /// <summary>The photos as evaluation batches them, [channels, resolution, resolution] each.</summary>
    /// <param name="root">The folder of the images.</param>
    /// <param name="names">The photos.</param>
    /// <param name="transforms">What is done to them.</param>
    /// <param name="keep">Whether those of 16 pixels a side are kept decoded, as small images are.</param>
    private static float[][] Rendered(string root, string[] names, Transforms transforms, bool keep)
    {
        var source = new FileSource(
            root,
            ["photo"],
            names,
            [.. names.Select(name => (long)Photos[name].Length)],
            new int[names.Length],
            DatasetOptions.DefaultMaxPixels
        );
        if (keep)
        {
            source.KeepDecoded(16, transforms.Channels);
            for (int i = 0; i < names.Length; i++)
            {
                source.Keep(i);
            }
        }

        var set = new ImageSet(
            source,
            [.. Enumerable.Range(0, names.Length)],
            1,
            new UnreadableImages(strict: true, NullRunObserver.Instance)
        );
        using var loader = new BatchLoader(
            set,
            transforms,
            names.Length,
            0,
            shuffle: false,
            dropLast: false,
            threads: 1
        );
        using Batch batch = loader.Epoch(0).Single();
        return [.. ModelInput.Of(batch).Chunk(transforms.Length)];
    }
}
