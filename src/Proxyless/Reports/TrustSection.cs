using System.Text;
using Proxyless.Training;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>
/// Can the model be trusted? Its confusions, the accuracy of each class, the images it is most confidently wrong about,
/// and how far its probabilities can be believed.
/// </summary>
internal static class TrustSection
{
    // An accuracy of fewer images is hardly one.
    private const int FewTestImages = 10;
    private const int ClassesWithoutFolding = 20;

    /// <summary>Adds the section.</summary>
    /// <param name="html">The page.</param>
    /// <param name="report">The answers; with none, nothing is added.</param>
    public static void Append(StringBuilder html, AnswerReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Answers.Count == 0)
        {
            return;
        }

        int[][] confusion = report.Confusion();
        html.Line("<h2 id=\"trust\">Can it be trusted?</h2>");
        html.Line($"<p>What the model says about {Text(report.Images)}.</p>");
        AppendFewImages(html, report, confusion);
        ConfusionMatrix.Append(html, report.Classes, confusion);
        AppendClasses(html, report, confusion);
        AppendPictures(
            html,
            "Most confidently wrong",
            "Wrong answers that are far more probable than the label: the label may be wrong, or the image unusual.",
            report.Wrong,
            report.Classes
        );
        AppendPictures(
            html,
            "Right, but least certain",
            "Correct answers with the lowest probability: images like these need more examples.",
            report.Uncertain,
            report.Classes
        );
        AppendCalibration(html, report.Answers);
        if (report.Similar is { } similar)
        {
            AppendSimilar(html, similar);
        }
    }

    private static void AppendFewImages(StringBuilder html, AnswerReport report, int[][] confusion)
    {
        string[] few =
        [
            .. report
                .Classes.Select((name, label) => (Name: name, Images: confusion[label].Sum()))
                .Where(of => of.Images < FewTestImages)
                .Select(of => Invariant($"{of.Name} ({of.Images})")),
        ];
        if (few.Length > 0)
        {
            html.Warning(
                Invariant($"Fewer than {FewTestImages} of these images are of: ")
                    + $"{NameList.Of(few)}. Their accuracy is uncertain."
            );
        }
    }

    private static void AppendClasses(StringBuilder html, AnswerReport report, int[][] confusion)
    {
        bool isFolded = report.Classes.Count > ClassesWithoutFolding;
        html.Line("<h3>Accuracy of each class, the lowest first</h3>");
        if (isFolded)
        {
            html.Line(Invariant($"<details><summary>All {report.Classes.Count} classes</summary>"));
        }

        html.BeginTable(
            "Accuracy of each class",
            Column.OfText("class"),
            "training images",
            "images here",
            "top-1",
            "95 % interval",
            Column.OfText("most often taken for")
        );
        foreach (
            int label in Enumerable
                .Range(0, confusion.Length)
                .OrderBy(label => confusion[label].Sum() == 0)
                .ThenBy(label => confusion[label][label] / (double)Math.Max(1, confusion[label].Sum()))
                .ThenBy(label => label)
        )
        {
            int images = confusion[label].Sum();
            string share = "";
            string interval = "";
            string other = "";
            if (images > 0)
            {
                double top1 = confusion[label][label] / (double)images;
                share = Percent(top1, images);
                interval = Between(AccuracyInterval.Wilson(top1, images), images);
                int most = Enumerable
                    .Range(0, confusion.Length)
                    .Where(answer => answer != label)
                    .MaxBy(answer => confusion[label][answer]);
                other =
                    confusion.Length > 1 && confusion[label][most] > 0
                        ? Invariant($"{report.Classes[most]} ({confusion[label][most]})")
                        : "";
            }

            html.Line(
                $"<tr><th scope=\"row\" class=\"text\">{Text(report.Classes[label])}</th>"
                    + Invariant($"<td>{report.TrainingImages[label]:N0}</td><td>{images:N0}</td><td>{share}</td>")
                    + $"<td>{interval}</td><td class=\"text\">{Text(other)}</td></tr>"
            );
        }

        html.EndTable();
        if (isFolded)
        {
            html.Line("</details>");
        }
    }

    private static void AppendPictures(
        StringBuilder html,
        string title,
        string explanation,
        IReadOnlyList<PicturedAnswer> pictured,
        IReadOnlyList<string> classes
    )
    {
        if (pictured.Count == 0)
        {
            return;
        }

        html.Line($"<h3>{title}</h3>");
        html.Line($"<p>{explanation} Each picture is the part that the model sees.</p>");
        html.Line("<div class=\"photos\">");
        foreach ((ImageAnswer answer, byte[]? jpeg) in pictured)
        {
            string label = Text(classes[answer.Label]);
            string said = Text(classes[answer.Answer]);
            string picture = PictureOf(jpeg, answer.Image);
            string verdict = answer.IsRight
                ? Invariant($"<b>{said}</b> {100 * answer.Probability:0} %")
                : Invariant($"<b>{said}</b> {100 * answer.Probability:0} %, labeled <b>{label}</b> ")
                    + Invariant($"({100 * answer.LabelProbability:0} %)");
            html.Line(
                $"<figure>{picture}<figcaption>{verdict}<span class=\"file\">{Text(answer.Image)}</span></figcaption>"
                    + "</figure>"
            );
        }

        html.Line("</div>");
    }

    private static void AppendSimilar(StringBuilder html, SimilarReport report)
    {
        string looked =
            Invariant($"{report.Images:N0} test images were compared with {report.Others:N0} training images")
            + (report.IsPart ? ", as many as could be read in the time for it: there may be more." : ".");
        html.Line("<h3 id=\"similar\">Test images that are nearly training images</h3>");
        if (report.Similar == 0)
        {
            html.Line($"<p>None was found: {looked}</p>");
            return;
        }

        string rest =
            report.Rest.Count == 0 || report.IsPart
                ? ""
                : Invariant($" Without them, top-1 is <b>")
                    + Percent(report.Rest.Average(answer => answer.IsRight ? 1.0 : 0), report.Rest.Count)
                    + "</b>.";
        html.Line(
            Invariant($"<p><b>{report.Similar:N0}</b> may be a training image in another size or compression, or ")
                + $"mirrored: look at the pairs. Being right about those proves little.{rest} {looked}</p>"
        );
        html.Line("<div class=\"photos\">");
        foreach (SimilarPair pair in report.Pairs)
        {
            html.Line(
                $"<figure>{PictureOf(pair.Jpeg, pair.Image)}{PictureOf(pair.OtherJpeg, pair.Other)}<figcaption>"
                    + Invariant($"correlation {pair.Correlation:0.000}")
                    + (pair.HasOtherLabel ? ", <b>labeled differently</b>" : "")
                    + $"<span class=\"file\">{Text(pair.Image)}</span><span class=\"file\">{Text(pair.Other)}</span>"
                    + "</figcaption></figure>"
            );
        }

        html.Line("</div>");
    }

    private static string PictureOf(byte[]? jpeg, string name) =>
        jpeg is null
            ? "<div class=\"missing\">cannot be read any more</div>"
            : $"<img alt=\"{Text(name)}\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(jpeg)}\">";

    private static void AppendCalibration(StringBuilder html, IReadOnlyList<ImageAnswer> answers)
    {
        var curve = CalibrationCurve.Of(answers);
        if (curve.Error is not { } error)
        {
            return;
        }

        html.Line("<h3>How far its probabilities can be believed</h3>");
        html.Line(
            Invariant($"<p>Expected calibration error: <b>{100 * error:0.0}</b> points. ")
                + "A dot below the dashed line: the model is surer than it is right. Above it: less sure.</p>"
        );
        html.Line("<div class=\"plots\">");
        html.Append(
            LinePlot.Over(
                "probability of the answer, %",
                "Correct answers, %",
                new PlotSeries(
                    "model",
                    [.. curve.Bins.Select(bin => (100 * bin.Probability, (double?)(100 * bin.Top1)))]
                )
                {
                    HasDots = true,
                },
                new PlotSeries("as it says", [(0, 0), (100, 100)], IsLimit: true)
            )
        );
        html.BeginTable("Calibration", Column.OfText("probability"), "answers", "mean probability", "correct");
        foreach (CalibrationBin bin in curve.Bins)
        {
            html.Line(
                Invariant($"<tr><th scope=\"row\" class=\"text\">{100 * bin.From:0} to {100 * bin.To:0} %</th>")
                    + Invariant($"<td>{bin.Images:N0}</td><td>{100 * bin.Probability:0.0} %</td>")
                    + $"<td>{Percent(bin.Top1, bin.Images)}</td></tr>"
            );
        }

        html.EndTable();
        html.Line("</div>");
    }
}
