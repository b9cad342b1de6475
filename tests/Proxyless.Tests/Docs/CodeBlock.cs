using System.Text.RegularExpressions;

namespace Proxyless.Tests.Docs;

/// <summary>A block of code in the documentation, between two lines of three backquotes.</summary>
/// <param name="File">The file, relative to the repository.</param>
/// <param name="Line">The number of its first line.</param>
/// <param name="Language">The word behind the backquotes.</param>
/// <param name="Lines">Its lines.</param>
/// <param name="Mark">
/// The comment above it, which no reader sees: <c>not run: WHY</c>, or <c>run by: FILE</c> for what a script runs.
/// </param>
internal sealed partial record CodeBlock(
    string File,
    int Line,
    string Language,
    IReadOnlyList<string> Lines,
    string? Mark
)
{
    /// <summary>What begins the mark of a block that nothing runs.</summary>
    public const string NotRun = "not run: ";

    /// <summary>What begins the mark of a block that a script of the repository runs.</summary>
    public const string RunBy = "run by: ";

    private const string Fence = "```";

    /// <summary>Every block of every document.</summary>
    public static IReadOnlyList<CodeBlock> All { get; } = [.. Documents().SelectMany(Read)];

    /// <summary>The command lines of <c>proxyless</c> in it, without their comments.</summary>
    public IEnumerable<string> Commands =>
        Expanded().Where(line => line.StartsWith("proxyless ", StringComparison.Ordinal));

    /// <summary>Whether its commands are run one by one, in small.</summary>
    public bool IsRun => Language == "sh" && Mark is null;

    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}";

    /// <summary>The documents, relative to the repository.</summary>
    public static IEnumerable<string> Documents() =>
        ((string[])["README.md", "CONTRIBUTING.md", "bench/README.md"])
            .Concat(FilesIn("docs"))
            .Concat(FilesIn("src").Where(file => Path.GetFileName(file) == "README.md"));

    /// <summary>
    /// Its lines as a shell would run them: continued lines in one, loops once, variables that are set in the block
    /// replaced, comments left out.
    /// </summary>
    internal IEnumerable<string> Expanded()
    {
        var values = new Dictionary<string, string>();
        string text = string.Join('\n', Lines).Replace("\\\n", " ", StringComparison.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            if (Assignment().Match(line) is { Success: true } assignment)
            {
                values[assignment.Groups[1].Value] = Replaced(assignment.Groups[2].Value);
                continue;
            }

            foreach (string part in Separator().Split(Comment().Replace(line, "")))
            {
                string command = part.Trim();
                if (Loop().Match(command) is { Success: true } loop)
                {
                    values[loop.Groups[1].Value] = loop.Groups[2].Value;
                }
                else if (command is not ("" or "done" or "do"))
                {
                    yield return Spaces().Replace(Replaced(Do().Replace(command, "")), " ");
                }
            }
        }

        string Replaced(string words) =>
            Variable().Replace(words, match => values.GetValueOrDefault(match.Groups[1].Value) ?? match.Value);
    }

    private static IEnumerable<string> FilesIn(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Repository.Root, folder), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<CodeBlock> Read(string file)
    {
        string[] lines = System.IO.File.ReadAllLines(Path.Combine(Repository.Root, file));
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            int end = Array.FindIndex(lines, i + 1, line => line == Fence);
            Match mark = MarkLine().Match(i > 0 ? lines[i - 1] : "");
            yield return new CodeBlock(
                file,
                i + 1,
                lines[i][Fence.Length..],
                lines[(i + 1)..end],
                mark.Success ? mark.Groups[1].Value : null
            );
            i = end;
        }
    }

    [GeneratedRegex("^<!-- (.*) -->$")]
    private static partial Regex MarkLine();

    [GeneratedRegex(@"^(\w+)=""([^""]*)""\s*(#.*)?$")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^for (\w+) in (\S+).*$")]
    private static partial Regex Loop();

    [GeneratedRegex("^do ")]
    private static partial Regex Do();

    [GeneratedRegex(@"(?<=^|\s)#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@";|&&")]
    private static partial Regex Separator();

    [GeneratedRegex(@"\$(\w+)")]
    private static partial Regex Variable();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Spaces();
}
