using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Figures of a run whose files somebody has changed.</summary>
public sealed class RunFiguresTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RunFiguresTests()
    {
        File.WriteAllText(Run.Report, "<svg aria-label=\"accuracy\"></svg>");
        File.WriteAllText(Run.Labels, "cat\ndog\n");
    }

    private RunDirectory Run => new(_folder.Root);

    private string Figures => Path.Combine(_folder.Root, "figures");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("report.html")]
    [InlineData("labels.txt")]
    [InlineData("answers.jsonl")]
    public void A_file_that_cannot_be_read_is_named(string file)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the file that nobody can read from its beginning is Linux's");
        string path = Path.Combine(_folder.Root, file);
        File.Delete(path);
        File.CreateSymbolicLink(path, "/proc/self/mem");
        Assert.StartsWith(
            $"{path} cannot be read",
            Assert.Throws<InvalidInputException>(() => RunFigures.Write(Run, Figures)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(0, 1, true)]
    [InlineData(1, 1, true)]
    [InlineData(-1, 1, false)]
    [InlineData(1, -1, false)]
    [InlineData(2, 1, false)]
    [InlineData(1, int.MaxValue, false)]
    public void An_answer_that_is_no_class_leaves_out_the_confusion_matrix(int label, int answer, bool hasMatrix)
    {
        JsonLines.Write(Run.Answers, [new ImageAnswer("a.jpg", label, answer, 0.75, 0.25)]);
        IReadOnlyList<string> files = RunFigures.Write(Run, Figures);
        Assert.Contains(Path.Combine(Figures, "accuracy.svg"), files);
        Assert.Equal(hasMatrix, files.Contains(Path.Combine(Figures, "confusion-matrix.svg")));
    }

    [Theory]
    [InlineData("eighteen letters, 😀 and more", "eighteen letters, …")]
    [InlineData("sixteen letters, 😀 and more", "sixteen letters, &#128512;…")]
    public void An_emoji_in_the_name_of_a_class_is_not_cut_in_two(string name, string shown)
    {
        File.WriteAllText(Run.Labels, $"{name}\ndog\n");
        JsonLines.Write(Run.Answers, [new ImageAnswer("a.jpg", 0, 1, 0.75, 0.25)]);
        RunFigures.Write(Run, Figures);
        Assert.Contains(
            $">{shown}<",
            File.ReadAllText(Path.Combine(Figures, "confusion-matrix.svg")),
            StringComparison.Ordinal
        );
    }
}
