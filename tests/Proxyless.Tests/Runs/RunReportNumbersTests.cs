using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Proxyless.Files;
using Proxyless.Quantization;
using Proxyless.Reports;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;
using static System.FormattableString;

namespace Proxyless.Tests.Runs;

/// <summary>The numbers of a run's report are those of its other files and of an evaluation.</summary>
[Collection(nameof(WholeRuns))]
public sealed partial class RunReportNumbersTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    [GeneratedRegex("<svg ")]
    private static partial Regex FigurePattern();

    private static QuantizeResult Integers =>
        new()
        {
            Model = "model-int8.onnx",
            FloatModel = "model.onnx",
            Bytes = 1,
            FloatBytes = 4,
            LatencyMs = null,
            FloatLatencyMs = null,
            InFloat = [],
            WeightBits = 8,
            Ranges = RangeMethod.MinMax,
            CalibrationImages = 1,
            ComparedImages = 1,
            Agreement = 1,
            ScoreError = 0,
            Layers = [],
        };

    private string Page => WebUtility.HtmlDecode(File.ReadAllText(run.Directory.Report));

    [Fact]
    public void Accuracy_confusions_and_calibration_are_those_of_evaluate()
    {
        EvaluateResult judged = ProxylessRun.Evaluate(
            run.Options.Out!,
            run.Options,
            againstNetwork: false,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        string page = Page;
        Assert.Contains(
            Invariant($"<b>{100 * judged.Top1:0} %</b><span>top-1 on {judged.Images} test images; ")
                + Invariant($"{100 * judged.Top1Interval.Low:0} to {100 * judged.Top1Interval.High:0} % at 95 %"),
            page,
            StringComparison.Ordinal
        );
        Assert.Contains(
            Invariant($"calibration error: <b>{100 * judged.CalibrationError!.Value:0.0}</b>"),
            page,
            StringComparison.Ordinal
        );
        string matrix = MatrixPattern().Match(page).Value;
        int[] cells = [.. CellPattern().Matches(matrix).Select(cell => int.Parse(cell.Groups[1].Value, Culture))];
        string[] columns = [.. ColumnPattern().Matches(matrix).Skip(1).Select(column => column.Groups[1].Value)];
        Assert.Equal(judged.Classes.Order(), columns.Order());
        int[] order = [.. columns.Select(name => judged.Classes.ToList().IndexOf(name))];
        Assert.Equal(order.SelectMany(i => order.Select(j => judged.Confusion[i][j])), cells);
    }

    [Fact]
    public void Every_figure_can_be_had_as_a_file()
    {
        string folder = run.PathOf("figures");

        IReadOnlyList<string> files = RunFigures.Write(run.Directory, folder);

        Assert.Equal(files.Order(), Directory.GetFiles(folder).Order());
        Assert.Equal(FigurePattern().Count(File.ReadAllText(run.Directory.Report)) + 1, files.Count);
        Assert.Contains(Path.Combine(folder, "network.svg"), files);
        Assert.Contains(Path.Combine(folder, "confusion-matrix.svg"), files);
        Assert.Contains(Path.Combine(folder, "accuracy-against-latency.svg"), files);
        Assert.Contains(Path.Combine(folder, "latency-of-each-part-ms.svg"), files);
        Assert.All(
            files,
            file =>
            {
                var svg = XDocument.Load(file);
                Assert.Equal("http://www.w3.org/2000/svg", svg.Root!.Name.NamespaceName);
                Assert.Contains("--paper", File.ReadAllText(file), StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Latencies_are_those_of_the_results()
    {
        using var search = JsonDocument.Parse(File.ReadAllText(run.Directory.SearchResult));
        using var result = JsonDocument.Parse(File.ReadAllText(run.Directory.Result));
        double predicted = search.RootElement.GetProperty("predicted_latency_ms").GetDouble();
        double limit = search.RootElement.GetProperty("latency_limit_ms").GetDouble();
        double latency = result.RootElement.GetProperty("latency_ms").GetDouble();
        string page = Page;
        Assert.Contains(
            $"<b>{MillisecondText.Of(predicted)} ms</b><span>predicted by the latency table",
            page,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"<b>{MillisecondText.Of(latency)} ms</b><span>by the target's table, of {MillisecondText.Of(limit)} ms "
                + "allowed",
            page,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_test_image_has_its_answer()
    {
        List<ImageAnswer> answers = JsonLines.Read<ImageAnswer>(run.Directory.Answers);
        Assert.Equal(FinishedRun.TestImages, answers.Count);
        Assert.Equal(run.Result.Top1, answers.Average(answer => answer.IsRight ? 1.0 : 0), 1e-12);
        Assert.All(answers, answer => Assert.True(File.Exists(answer.Image), answer.Image));
        Assert.All(answers, answer => Assert.InRange(answer.Probability, 0.5, 1));
        Assert.All(answers.Where(answer => answer.IsRight), a => Assert.Equal(a.Probability, a.LabelProbability));
    }

    /// <summary>The networks of folds, trials and the teacher are not quantized.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Accuracies_beside_that_of_a_model_of_integers_are_said_to_be_of_floats(bool isOfIntegers)
    {
        var store = new RunStore(run.Directory);
        var evaluated = new EvaluatedRun(
            run.Result.Model,
            new EvaluateStage.Judgment(new TopAccuracy(), [], new Dictionary<int, ImageAnswer>(), null)
        )
        {
            Integers = isOfIntegers ? Integers : null,
            Result = run.Result with { Folds = new FoldAccuracy(2, 100, 0.9, 0.9), TeacherTop1 = 0.9 },
            InFolds = new Dictionary<int, ImageAnswer> { [0] = new("0.png", 0, 0, 1, 1) },
        };
        List<AccuracyFigure> accuracies = ReportStage.AccuraciesOf(store, evaluated);
        Assert.Equal(
            [isOfIntegers, false, isOfIntegers],
            accuracies.Select(accuracy => accuracy.What.EndsWith(", with floats", StringComparison.Ordinal))
        );
        RunContext context = TrainedRun.Open(
            run.Directory,
            RunConfigFile.Read(run.Directory.Config),
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.EndsWith(
            isOfIntegers ? "trained without it, with floats" : "trained without it",
            ReportStage.AnswersOf(context, store, evaluated).Images,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("search", "Searching: step ")]
    [InlineData("train", "Training: ")]
    public void A_run_that_goes_on_has_a_page_that_says_so(string stage, string status)
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun
            .OptionsIn(folder)
            .WithSearch(search => search with { Epochs = 3 })
            .WithTraining(training => training with { Epochs = 3, BatchSize = 16 }) with
        {
            Out = Path.Combine(folder.Root, "run"),
        };
        using var source = new CancellationTokenSource();
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessRun.Run(options, new StopAt(stage, 0.8, source), source.Token)
        );
        string page = File.ReadAllText(new RunDirectory(options.Out!).Report);
        Assert.Contains($"<p class=\"status\">{status}", page, StringComparison.Ordinal);
        Assert.Contains("id=\"choice\"", page, StringComparison.Ordinal);

        RunResult result = ProxylessRun.Run(
            options with
            {
                Resume = true,
            },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.DoesNotContain("class=\"status\"", File.ReadAllText(result.Report), StringComparison.Ordinal);
    }

    private static CultureInfo Culture => CultureInfo.InvariantCulture;

    [GeneratedRegex("Confusion matrix: images of each class.*?</table>", RegexOptions.Singleline)]
    private static partial Regex MatrixPattern();

    [GeneratedRegex("<td[^>]*>([0-9,]+)</td>")]
    private static partial Regex CellPattern();

    [GeneratedRegex("<th scope=\"col\"[^>]*>(.*?)</th>")]
    private static partial Regex ColumnPattern();
}
