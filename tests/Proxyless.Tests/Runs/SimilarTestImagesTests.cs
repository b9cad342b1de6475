using System.Net;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Training;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>A run some of whose test images are training images in another compression.</summary>
[Collection(nameof(WholeRuns))]
public sealed class SimilarTestImagesTests
{
    private const int ImagesOfAClass = 30;
    private const int TestImagesOfAClass = 10;

    [Fact]
    public void They_are_counted_shown_with_another_label_named_and_left_out_of_a_second_accuracy()
    {
        using var folder = new TemporaryFolder();
        string[] classes = ["dark", "small"];
        for (int label = 0; label < classes.Length; label++)
        {
            for (int i = 0; i < ImagesOfAClass; i++)
            {
                Add("train", label, i, TestPictures.Noise((1000 * label) + i, 32, 32));
            }

            for (int i = 0; i < TestImagesOfAClass; i++)
            {
                Add("test", label, i, TestPictures.Noise(5000 + (1000 * label) + i, 32, 32));
            }
        }

        // The second training image of the first class, once under its own label and once under the other.
        byte[] copy = TestPictures.Noise(1, 32, 32, SKEncodedImageFormat.Jpeg);
        folder.Add(Path.Combine("images", "test", "dark", "copy.jpg"), copy);
        folder.Add(Path.Combine("images", "test", "small", "copy.jpg"), [.. copy, 0]);
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        RunResult result = ProxylessRun.Run(
            new RunOptions
            {
                Data = new() { Path = Path.Combine(folder.Root, "images") },
                Target = new() { Name = FixedTable.Write(Path.Combine(folder.Root, "target"), space, classes.Length) },
                Search = new()
                {
                    Space = space.Name,
                    Epochs = 1,
                    Evaluations = 0,
                },
                Training = new() { BatchSize = 16, Epochs = 1 },
                Out = Path.Combine(folder.Root, "run"),
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

        var directory = new RunDirectory(result.Run);
        string page = WebUtility.HtmlDecode(File.ReadAllText(directory.Report));
        ImageAnswer[] answers = [.. JsonLines.Read<ImageAnswer>(directory.Answers)];
        ImageAnswer[] rest = [.. answers.Where(answer => !answer.Image.Contains("copy", StringComparison.Ordinal))];
        Assert.Equal((2 * TestImagesOfAClass) + 2, answers.Length);
        Assert.Equal(2 * TestImagesOfAClass, rest.Length);
        Assert.Contains("<b>2</b> may be a training image", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("labeled differently").Length);
        Assert.Contains("train/dark/1.png", page.Replace('\\', '/'), StringComparison.Ordinal);
        string top1 = FormattableString.Invariant($"{100 * rest.Average(answer => answer.IsRight ? 1.0 : 0):0}");
        Assert.Contains($"Without them, top-1 is <b>{top1} %</b>", page, StringComparison.Ordinal);

        void Add(string part, int label, int i, byte[] picture) =>
            folder.Add(Path.Combine("images", part, classes[label], $"{i}.png"), picture);
    }
}
