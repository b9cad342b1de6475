using Xunit;

namespace Proxyless.Tests;

/// <summary>
/// Lines have at most 120 columns. CSharpier wraps code; comments and literals are wrapped by hand, and this test finds
/// those that are not.
/// </summary>
public sealed class SourceLinesTests
{
    private const int Columns = 120;
    private const string RawQuotes = "\"\"\"";

    [Fact]
    public void Lines_have_at_most_120_columns() =>
        Assert.Empty(
            new[] { "src", "samples", "tests" }
                .SelectMany(folder =>
                    Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
                )
                .SelectMany(TooLong)
        );

    /// <summary>
    /// Lines that are too long and could be broken: raw literals are as they are, and so is a word without spaces.
    /// </summary>
    private static IEnumerable<string> TooLong(string file)
    {
        bool isRaw = false;
        foreach ((int index, string line) in File.ReadLines(file).Index())
        {
            bool wasRaw = isRaw;
            isRaw ^= (line.Split(RawQuotes).Length - 1) % 2 == 1;
            bool isBreakable = !wasRaw && !line.Contains(RawQuotes, StringComparison.Ordinal);
            if (
                isBreakable
                && line.Length > Columns
                && line.Trim().TrimStart('+').Trim().Contains(' ', StringComparison.Ordinal)
            )
            {
                yield return $"{Path.GetRelativePath(Repository.Root, file)}:{index + 1}";
            }
        }
    }
}
