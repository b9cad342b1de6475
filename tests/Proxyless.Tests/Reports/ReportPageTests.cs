using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Proxyless.Architectures;
using Proxyless.Reports;
using Proxyless.Tests.Data;
using Proxyless.Training;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Reports;

/// <summary>The report of a run in a browser.</summary>
public sealed partial class ReportPageTests(Browser browser) : IClassFixture<Browser>
{
    private const int Epochs = 5;

    private static readonly SearchSpace Space = SearchSpacePresets.ByName("tiny");
    private static readonly byte[] Picture = SmallJpeg();

    [Theory]
    [InlineData(4, 1280, ColorScheme.Light)]
    [InlineData(4, 390, ColorScheme.Dark)]
    [InlineData(100, 1280, ColorScheme.Dark)]
    [InlineData(100, 390, ColorScheme.Light)]
    public async Task A_page_has_no_error_asks_for_nothing_and_can_be_read_by_all(
        int classes,
        int width,
        ColorScheme scheme
    )
    {
        IPage page = await browser.OpenAsync(width, scheme);
        var witness = new PageWitness(page);
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Root, "report.html");
        RunReport.WriteHtml(path, DataOf(classes));
        await page.GotoAsync(new Uri(path).AbsoluteUri);

        await witness.AssertSoundAsync(width);
        Assert.Equal([new Uri(path).AbsoluteUri], witness.Requests);
    }

    [Fact]
    public async Task The_film_of_a_search_can_be_scrubbed()
    {
        IPage page = await browser.OpenAsync();
        await page.SetContentAsync(RunReport.Html(DataOf(4)));
        ILocator film = page.Locator(".film");
        ILocator first = film.Locator(".heat-cell").First;
        Assert.Equal("1", await first.GetAttributeAsync("fill-opacity"));
        Assert.Equal($"{Epochs}", await film.Locator("output").TextContentAsync());

        await film.Locator("input").FillAsync("1");
        Assert.Equal("0.4", await first.GetAttributeAsync("fill-opacity"));
        Assert.Equal("2", await film.Locator("output").TextContentAsync());
        Assert.EndsWith(": 0.400", await first.Locator("title").TextContentAsync(), StringComparison.Ordinal);

        await film.GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(film.Locator("output")).ToHaveTextAsync($"{Epochs}");
        await Assertions.Expect(film.GetByRole(AriaRole.Button)).ToHaveTextAsync("Play");
    }

    [Fact]
    public async Task Without_the_script_the_last_frame_is_there_and_no_control()
    {
        IPage page = await browser.OpenAsync();
        await page.SetContentAsync(ScriptPattern().Replace(RunReport.Html(DataOf(4)), ""));
        Assert.Equal("1", await page.Locator(".film .heat-cell").First.GetAttributeAsync("fill-opacity"));
        Assert.False(await page.Locator(".film .control").IsVisibleAsync());
    }

    [Fact]
    public void A_page_of_100_classes_and_10000_images_is_under_3_MB() =>
        Assert.InRange(RunReport.Html(DataOf(100)).Length, 100_000, 3_000_000);

    [Fact]
    public void Labels_that_are_wrong_are_among_the_first_that_are_shown()
    {
        // A model that is right on nine of ten images of 100, five of which are labeled wrongly.
        var random = new Random(2);
        ImageAnswer[] answers = [.. Enumerable.Range(0, 100).Select(i => AnswerOf(random, i, 4, i % 20 == 7))];
        int[] shown = [.. AnswerReport.MostConfidentlyWrong(answers).Take(10)];
        Assert.Subset(shown.ToHashSet(), new HashSet<int> { 7, 27, 47, 67, 87 });
    }

    /// <summary>The contents of a run's report.</summary>
    /// <param name="classes">Number of classes, with 10,000 images in all.</param>
    internal static RunReportData DataOf(int classes)
    {
        var random = new Random(classes);
        ImageAnswer[] answers = [.. Enumerable.Range(0, 10_000).Select(i => AnswerOf(random, i, classes, i % 50 == 0))];
        Architecture network = Space.Architecture([.. Space.Blocks().Select(_ => 0)], classes, "found");
        IReadOnlyList<SearchBlock> blocks = Space.Blocks();
        return new RunReportData
        {
            Title = "photographs on cpu",
            Architecture = network,
            Status = "Training: 3 epochs are done",
            Accuracies =
            [
                new AccuracyFigure("10,000 test images", answers.Average(answer => answer.IsRight ? 1.0 : 0), 10_000),
            ],
            LatencyMs = 1.2,
            LatencyLimitMs = 1.25,
            MedianLatencyMs = 1.3,
            LatencyP90Ms = 1.4,
            PredictedLatencyMs = 1.19,
            ModelBytes = 2_400_000,
            Precisions =
            [
                new PrecisionFigure("32-bit floats", 0.9, 1000, 1.2, 2_400_000),
                new PrecisionFigure("8-bit integers", null, 1000, null, 700_000),
            ],
            Next = [new NextStep("proxyless predict --model runs/photos PHOTO.jpg", "classifies a photograph")],
            Answers = new AnswerReport
            {
                Classes = [.. Enumerable.Range(0, classes).Select(i => $"class {i}")],
                TrainingImages = [.. Enumerable.Range(0, classes).Select(_ => 500)],
                Answers = answers,
                Images = "the 10,000 test images",
                Wrong =
                [
                    .. AnswerReport.MostConfidentlyWrong(answers).Select(i => new PicturedAnswer(answers[i], Picture)),
                ],
                Similar = new SimilarReport
                {
                    Similar = 2,
                    Pairs =
                    [
                        new SimilarPair("test/a.jpg", Picture, "train/b.jpg", Picture, 0.99, HasOtherLabel: true),
                        new SimilarPair("test/c.jpg", null, "train/d.jpg", Picture, 0.96, HasOtherLabel: false),
                    ],
                    Images = 10_000,
                    Others = 40_000,
                    IsPart = true,
                    Rest = answers[2..],
                },
                Uncertain = [.. AnswerReport.LeastCertain(answers).Select(i => new PicturedAnswer(answers[i], null))],
            },
            Parts = [.. network.Blocks.Select((block, i) => new PartLatency($"{i + 1} {block.Operation}", i, null))],
            Candidates =
            [
                .. blocks.Select(block => block.Candidates.Select(one => one.Operation.ToString()).ToArray()),
            ],
            Table = new CandidateTable(
                [.. blocks.Select(block => block.Candidates.Select((_, j) => 0.1 * j).ToArray())],
                [.. blocks.Select(_ => 0)]
            ),
            Reasons = new BlockReasons([new BlockReason(2, "mb3e3", "mb5e3", -0.01, 0.05)], 100, 0.006),
            Front = new FrontPlotData
            {
                Target = "cpu",
                Scored = [new FrontMark(1, 0.5), new FrontMark(1.2, 0.6)],
                Front = [new FrontMark(1, 0.5), new FrontMark(1.2, 0.6)],
                Chosen = [new FrontMark(1.2, 0.6, "found")],
                LimitsMs = [1.25],
            },
            Search = [.. Enumerable.Range(1, Epochs).Select(epoch => EpochOf(epoch, blocks))],
            Training =
            [
                .. Enumerable.Range(1, 3).Select(epoch => new TrainingCurvePoint(epoch, 2.0 / epoch, 0.8, 0.1)),
            ],
            Warnings = ["Few images."],
            Provenance = [new("data", "photographs")],
            Configuration = "data: photographs\nseed: 0\n",
        };
    }

    /// <summary>The first candidate of each block becomes certain.</summary>
    private static SearchCurvePoint EpochOf(int epoch, IReadOnlyList<SearchBlock> blocks) =>
        new(
            epoch,
            2.0 / epoch,
            2.1 / epoch,
            1.2,
            1.0 / epoch,
            [
                .. blocks.Select(block =>
                    block
                        .Candidates.Select(
                            (_, j) =>
                                j == 0
                                    ? epoch / (double)Epochs
                                    : (1 - (epoch / (double)Epochs)) / (block.Candidates.Count - 1)
                        )
                        .ToArray()
                ),
            ]
        );

    private static ImageAnswer AnswerOf(Random random, int i, int classes, bool isLabeledWrongly)
    {
        int label = i % classes;
        int other = (label + 1 + random.Next(classes - 1)) % classes;
        string image = $"test/{label}/{i}.jpg";
        if (isLabeledWrongly)
        {
            return new ImageAnswer(image, label, other, 0.9 + (0.1 * random.NextDouble()), 0.01);
        }

        double probability = 0.5 + (0.4 * random.NextDouble());
        return random.Next(10) == 0
            ? new ImageAnswer(image, label, other, probability, 1 - probability)
            : new ImageAnswer(image, label, label, probability, probability);
    }

    private static byte[] SmallJpeg()
    {
        using var bitmap = new SKBitmap(96, 96);
        using SKData encoded = bitmap.Encode(SKEncodedImageFormat.Jpeg, 85);
        return encoded.ToArray();
    }

    [GeneratedRegex("<script>.*?</script>", RegexOptions.Singleline)]
    private static partial Regex ScriptPattern();
}
