using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Docs;

/// <summary>docs/run-folder.md names every file of a run and every key of its JSON, and no other.</summary>
public sealed partial class RunFolderPageTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "run-folder.md"));

    [Fact]
    public void Every_file_of_a_run_has_a_row()
    {
        var directory = new RunDirectory("run");
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        IEnumerable<string> files = typeof(RunDirectory)
            .GetProperties(All)
            .Where(property => property.PropertyType == typeof(string) && property.Name != nameof(RunDirectory.Root))
            .Where(property => !property.GetMethod!.IsPrivate)
            .Select(property => (string)property.GetValue(directory)!)
            .Select(file => Path.GetRelativePath(directory.Root, file).Replace('\\', '/'));
        Assert.Equal(files.Order(StringComparer.Ordinal), FirstCells("# The files of a run"));
    }

    [Theory]
    [InlineData("## result.json", typeof(RunResult))]
    [InlineData("## search.json", typeof(SearchResult))]
    [InlineData("## The result of train", typeof(TrainResult))]
    [InlineData("## The result of evaluate", typeof(EvaluateResult))]
    [InlineData("## The result of quantize", typeof(QuantizeResult))]
    [InlineData("## answers.jsonl", typeof(ImageAnswer))]
    [InlineData("## search.jsonl", typeof(SearchEpoch))]
    [InlineData("## scores.jsonl", typeof(SharedScore))]
    [InlineData("## training.jsonl", typeof(TrainingCurvePoint))]
    [InlineData("## progress.json", typeof(ProgressState))]
    public void Every_key_has_a_row(string heading, Type result)
    {
        var options = new JsonSerializerOptions(JsonLines.Options)
        {
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        IEnumerable<string> keys = options
            .GetTypeInfo(result)
            .Properties.Where(property => property.Get is not null)
            .Select(property => property.Name);
        Assert.Equal(keys.Order(StringComparer.Ordinal), FirstCells(heading));
    }

    // What stands in backquotes in the first cells of the table under a heading, in ordinal order.
    private static IEnumerable<string> FirstCells(string heading) =>
        Text.Split('\n')
            .SkipWhile(line => line != heading)
            .Skip(1)
            .TakeWhile(line => !line.StartsWith('#'))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Name().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value))
            .Order(StringComparer.Ordinal);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
