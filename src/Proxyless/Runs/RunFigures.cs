using Proxyless.Files;
using Proxyless.Reports;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The figures of a run's report as files, for slides and papers.</summary>
internal static class RunFigures
{
    private const string Confusion = "confusion-matrix.svg";

    /// <summary>
    /// Writes every figure of a report, and the confusion matrix, which is a table there with few classes.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="folder">The folder of the files; it is created.</param>
    /// <returns>The files.</returns>
    /// <exception cref="InvalidInputException">
    /// The run has no report, or one of its files is damaged or cannot be read.
    /// </exception>
    public static IReadOnlyList<string> Write(RunDirectory run, string folder)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (!File.Exists(run.Report))
        {
            throw new InvalidInputException(
                $"'{run.Root}' has no report.html, whose figures are wanted; a search writes it after its first epoch"
            );
        }

        var figures = FigureFiles.Of(TextFile.ReadNamed(run.Report)).ToList();
        List<ImageAnswer> answers = JsonLines.Read<ImageAnswer>(run.Answers);
        string[] classes = File.Exists(run.Labels)
            ? TextFile.ReadNamed(run.Labels).ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : [];
        if (answers.Count > 0 && answers.All(answer => answer.IsWithin(classes.Length)))
        {
            figures.RemoveAll(figure => figure.Name.StartsWith("confusion-matrix", StringComparison.Ordinal));
            figures.Add(
                (
                    Confusion,
                    FigureFiles.File(ConfusionMatrix.Svg(classes, ImageAnswer.Confusion(answers, classes.Length)))
                )
            );
        }

        Directory.CreateDirectory(folder);
        foreach ((string name, string svg) in figures)
        {
            AtomicFile.WriteAllText(Path.Combine(folder, name), svg);
        }

        return [.. figures.Select(figure => Path.Combine(folder, figure.Name))];
    }
}
