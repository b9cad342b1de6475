using System.Globalization;
using CsCheck;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class TableTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Conv-input:224x224x3-output:112x112x32", "stem 3x224x224 32 s2")]
    [InlineData("Conv_1-input:7x7x320-output:7x7x1280", "head 320x7x7 1280")]
    [InlineData("Logits-input:7x7x1280-output:1000", "classifier 1280x7x7 1000")]
    [InlineData(
        "expanded_conv-input:56x56x24-output:28x28x40-expand:6-kernel:5-stride:2-idskip:0",
        "mb5e6 24x56x56 40 s2"
    )]
    [InlineData(
        "expanded_conv-input:7x7x192-output:7x7x192-expand:3-kernel:7-stride:1-idskip:1",
        "mb7e3 192x7x7 192 s1"
    )]
    [InlineData(
        "expanded_conv-input:7x7x192-output:7x7x192-expand:3-kernel:7-stride:1-idskip:0",
        "mb7e3 192x7x7 192 s1 alone"
    )]
    [InlineData("Conv-input:225x225x3-output:113x113x32", "stem 3x225x225 32 s2")]
    [InlineData("Conv-input:32x32x3-output:32x32x16", "stem 3x32x32 16 s1")]
    public void The_authors_keys_are_understood(string published, string key)
    {
        Assert.Equal(key, PartEntries.KeyOf(published, out string complaint));
        Assert.Empty(complaint);
    }

    [Theory]
    [InlineData("pool-input:7x7x192", "not a part")]
    [InlineData("Conv-input:224x160x3-output:112x80x32", "not square")]
    [InlineData("Conv-input:224x224x3-output:112x80x32", "not square")]
    [InlineData("Conv-input:224x224x3-output:100x100x32", "makes 100 rows of 224")]
    [InlineData("Conv-input:224x224x3-output:56x56x32", "makes 56 rows of 224")]
    [InlineData("Conv_1-input:7x5x320-output:7x5x1280", "not square")]
    [InlineData("Conv_1-input:7x7x320-output:4x4x1280", "makes 4 rows of 7")]
    [InlineData("Logits-input:7x5x1280-output:1000", "not square")]
    [InlineData("expanded_conv-input:112x80x32-output:112x80x16-expand:1-kernel:3-stride:1-idskip:0", "not square")]
    [InlineData(
        "expanded_conv-input:56x56x24-output:56x56x40-expand:6-kernel:5-stride:2-idskip:0",
        "makes 56 rows of 56"
    )]
    [InlineData(
        "expanded_conv-input:112x112x32-output:112x112x16-expand:1-kernel:3-stride:1-idskip:1",
        "another shape (idskip:1)"
    )]
    public void Keys_of_other_shapes_are_refused(string published, string reason)
    {
        Assert.Null(PartEntries.KeyOf(published, out string complaint));
        Assert.Contains(reason, complaint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_takes_the_sum_of_the_published_phone_tables_entries()
    {
        string file = SharedData.Path("pixel1-latency.yaml");
        Dictionary<string, double> published = MeansOf(file);
        var target = new TableTarget("pixel1", file, 1);
        SearchSpace space = SearchSpacePresets.ByName("imagenet-mobile");
        LatencyTable table = target.TableOf(space, 1000, NullRunObserver.Instance);
        SpaceCost cost = table.ToSpaceCost(space, 1000);
        IReadOnlyList<SearchBlock> blocks = space.Blocks();
        Gen.Int[0, 1 << 30]
            .Sample(seed =>
            {
                var random = new Random(seed);
                int[] choice = [.. blocks.Select(block => random.Next(block.Candidates.Count))];
                Architecture network = space.Architecture(choice, 1000, "random");
                double sum =
                    published[$"Conv-input:224x224x3-output:112x112x{network.Stem.Width}"]
                    + network.Blocks.Where(block => !block.IsPassThrough).Sum(block => published[PublishedKeyOf(block)])
                    + published[$"Conv_1-input:7x7x{network.Head.InputWidth}-output:7x7x{network.Head.Width}"]
                    + published[$"Logits-input:7x7x{network.Head.Width}-output:1000"];
                Assert.Equal(sum, target.Predict(network, NullRunObserver.Instance), 1e-6);
                Assert.Equal(sum, cost.Of(choice), 1e-6);
            });
    }

    [Fact]
    public void A_part_that_the_table_lacks_is_named()
    {
        var target = new TableTarget("phone", Csv("part,milliseconds\nstem 3x32x32 16 s2,0.5\n"), 1);
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        var exception = Assert.Throws<InvalidInputException>(() => target.TableOf(space, 10, NullRunObserver.Instance));
        Assert.Contains($"has no '{space.Blocks()[0].Candidates[0].Key}'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_classifier_of_other_classes_is_scaled_and_said_to_be()
    {
        Architecture network = SearchSpacePresets
            .ByName("tiny")
            .Architecture([.. Enumerable.Repeat(0, 6)], 10, "small");
        string[] parts = [network.Stem.Key, .. network.Blocks.Select(block => block.Key), network.Head.ConvolutionKey];
        string csv =
            "part,milliseconds\n"
            + string.Concat(parts.Distinct().Select(part => $"{part},1\n"))
            + $"classifier {network.Head.Width}x{network.Head.InputResolution}x{network.Head.InputResolution} 1000,8\n";
        var target = new TableTarget("phone", Csv(csv), 1);
        var observer = new RecordingObserver();
        Assert.Equal(1 + network.Blocks.Count + 1 + 0.08, target.Predict(network, observer), 1e-9);
        Assert.Contains(
            observer.Messages,
            message => message.Contains("scaled from 1000 classes to 10", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("1000,8", "20,1")]
    [InlineData("20,1", "1000,8")]
    public void A_classifier_is_scaled_from_the_nearest_number_of_classes(string first, string second)
    {
        Architecture network = SearchSpacePresets
            .ByName("tiny")
            .Architecture([.. Enumerable.Repeat(0, 6)], 10, "small");
        string[] parts = [network.Stem.Key, .. network.Blocks.Select(block => block.Key), network.Head.ConvolutionKey];
        string classifier = network.Head.ClassifierKey[..network.Head.ClassifierKey.LastIndexOf(' ')];
        string csv =
            "part,milliseconds\n"
            + string.Concat(parts.Distinct().Select(part => $"{part},1\n"))
            + $"{classifier} {first}\n{classifier} {second}\n";
        var target = new TableTarget("phone", Csv(csv), 1);
        Assert.Equal(1 + network.Blocks.Count + 1 + 0.5, target.Predict(network, NullRunObserver.Instance), 1e-9);
    }

    [Fact]
    public void Times_of_blocks_that_vanish_count_0_and_are_told_of()
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        string[] vanishing =
        [
            .. space.Blocks()[0].Candidates.Where(block => block.IsPassThrough).Select(block => block.Key),
        ];
        Assert.Equal(["identity 16x16x16 16 s1", "zero 16x16x16 16 s1"], vanishing);
        string csv =
            "part,milliseconds\n"
            + string.Concat(SpaceParts.Keys(space, 10).Concat(vanishing).Select(part => $"{part},1\n"));
        var target = new TableTarget("phone", Csv(csv), 1);
        var observer = new RecordingObserver();
        SpaceCost cost = target.TableOf(space, 10, observer).ToSpaceCost(space, 10);
        Assert.Equal([1, 1, 1, 0, 0], cost.Candidates[0]);
        Assert.Single(
            observer.Messages,
            message => message.EndsWith("blocks that vanish: 2; they count 0", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_table_of_our_own_predicts_as_it_did_where_it_was_made()
    {
        SearchSpace space = SmallSpace.Space;
        LatencyTable made = SmallSpace.Table() with
        {
            Mode = ProfileMode.Quick,
            Created = new DateTimeOffset(2025, 6, 7, 8, 9, 10, TimeSpan.Zero),
        };
        string file = Path.Combine(_folder.Root, "latency.json");
        LatencyTableFile.Write(file, made);
        var target = new TableTarget("box", file, 1);
        LatencyTable table = target.TableOf(space, SmallSpace.Classes, NullRunObserver.Instance);
        Assert.Equal((made.Mode, made.Created), (table.Mode, table.Created));
        Assert.Equal(("box", target.Id), (table.Target, table.TargetId));
        SpaceCost expected = made.ToSpaceCost(space, SmallSpace.Classes);
        SpaceCost read = table.ToSpaceCost(space, SmallSpace.Classes);
        Assert.Equal(expected.Fixed, read.Fixed);
        Assert.Equal(expected.Candidates, read.Candidates);
    }

    [Theory]
    [InlineData("part;milliseconds\n", "line 1")]
    [InlineData("part,milliseconds\nstem 3x32x32 16 s2,fast\n", "line 2")]
    [InlineData("part,milliseconds\nstem 3x32x32 16 s2,-1\n", "line 2")]
    [InlineData("part,milliseconds\na,1\na,2\n", "line 3")]
    [InlineData("part,milliseconds\n", "no parts")]
    public void A_wrong_csv_is_refused_with_its_line(string text, string named) =>
        Assert.Contains(
            named,
            Assert.Throws<InvalidInputException>(() => new TableTarget("phone", Csv(text), 1)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("a: [1, 2", "no valid YAML")]
    [InlineData("- 1\n", "not a published latency table")]
    [InlineData("Pool-input:7x7x3:\n  mean: 1\n", "line 1")]
    [InlineData(
        "Logits-input:7x5x1280-output:1000:\n  mean: 1\n",
        "line 1: 'Logits-input:7x5x1280-output:1000' is not"
    )]
    [InlineData("Logits-input:7x7x1280-output:1000:\n  count: 3\n", "needs 'mean'")]
    public void A_wrong_published_table_is_refused(string text, string named)
    {
        string file = Path.Combine(_folder.Root, "table.yaml");
        File.WriteAllText(file, text);
        Assert.Contains(
            named,
            Assert.Throws<InvalidInputException>(() => new TableTarget("phone", file, 1)).Message,
            StringComparison.Ordinal
        );
    }

    private static string PublishedKeyOf(Block block) =>
        $"expanded_conv-input:{block.InputResolution}x{block.InputResolution}x{block.InputWidth}"
        + $"-output:{block.OutputResolution}x{block.OutputResolution}x{block.OutputWidth}"
        + $"-expand:{block.Operation.Expansion}-kernel:{block.Operation.Kernel}-stride:{block.Stride}"
        + $"-idskip:{(block.HasShortcut ? 1 : 0)}";

    /// <summary>Two lines of the file, read by hand: the key, and the mean under it.</summary>
    private static Dictionary<string, double> MeansOf(string file)
    {
        var means = new Dictionary<string, double>();
        string key = "";
        foreach (string line in File.ReadLines(file))
        {
            if (!line.StartsWith(' '))
            {
                key = line.TrimEnd(':');
            }
            else if (line.StartsWith("  mean: ", StringComparison.Ordinal))
            {
                means[key] = double.Parse(line["  mean: ".Length..], CultureInfo.InvariantCulture);
            }
        }

        return means;
    }

    private string Csv(string text)
    {
        string file = Path.Combine(_folder.Root, "table.csv");
        File.WriteAllText(file, text);
        return file;
    }
}
