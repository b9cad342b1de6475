using CsCheck;
using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class SearchSpaceFileTests
{
    private const string Valid = """
        name: mine
        resolution: 32
        stem: {width: 8, stride: 1}
        candidates: [mb3e3, mb5e6, zero]
        stages:
          - {width: 16, depth: 2, stride: 2}
          - width: 24
            depth: 1
            candidates: [identity, mb3e3]
        head: {width: 64}
        """;

    private static readonly Gen<CandidateOperation> GenOperation = Gen.OneOf(
        Gen.Const(CandidateOperation.Identity),
        Gen.Const(CandidateOperation.Zero),
        Gen.Select(Gen.Int[0, 5].Select(i => (2 * i) + 1), Gen.Int[1, 12], CandidateOperation.InvertedResidual)
    );

    private static readonly Gen<Stage> GenStage = Gen.Select(
        Gen.Int[1, 64],
        Gen.Int[1, 4],
        Gen.Int[1, 2],
        GenOperation.Array[0, 4],
        (width, depth, stride, more) =>
            new Stage(width, depth, stride, [.. more.Prepend(CandidateOperation.InvertedResidual(3, 3)).Distinct()])
    );

    private static readonly Gen<SearchSpace> GenSpace = Gen.Select(
        Gen.String[Gen.Char[" abz'#:-{}é"], 1, 8],
        Gen.Int[8, 256],
        Gen.Int[0, 1].Select(i => (2 * i) + 1),
        Gen.Int[1, 2],
        Gen.Int[0, 32],
        GenStage.Array[1, 5],
        Gen.Bool,
        (name, resolution, channels, stride, first, stages, relu) =>
            new SearchSpace
            {
                Name = name,
                Resolution = resolution,
                InputChannels = channels,
                StemWidth = 16,
                StemStride = stride,
                FirstBlockWidth = first,
                Stages = stages,
                HeadWidth = 128,
                Activation = relu ? Activation.Relu : Activation.Relu6,
            }
    );

    [Fact]
    public void Any_space_is_read_back_as_it_was_written() =>
        GenSpace.Sample(space =>
        {
            SearchSpace read = SearchSpaceFile.Parse(SearchSpaceFile.ToYaml(space), "space");
            return Shape(read) == Shape(space);
        });

    [Fact]
    public void A_preset_written_to_a_file_opens_as_itself()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Root, "space.yaml");
        foreach (string name in SearchSpacePresets.Names)
        {
            SearchSpaceFile.Write(path, SearchSpacePresets.ByName(name));
            Assert.Equal(Shape(SearchSpacePresets.ByName(name)), Shape(SearchSpaceFile.Open(path)));
        }
    }

    [Fact]
    public void Defaults_fill_what_a_file_leaves_out()
    {
        SearchSpace space = SearchSpaceFile.Parse(Valid, "mine.yaml");
        Assert.Equal(3, space.InputChannels);
        Assert.Equal(Activation.Relu6, space.Activation);
        Assert.Null(space.FirstBlock);
        Assert.Equal(["mb3e3", "mb5e6", "zero"], space.Stages[0].Candidates.Select(c => c.ToString()));
        Assert.Equal(["identity", "mb3e3"], space.Stages[1].Candidates.Select(c => c.ToString()));
        Assert.Equal(1, space.Stages[1].Stride);
    }

    [Fact]
    public void The_example_in_the_repository_is_a_space()
    {
        SearchSpace space = SearchSpaceFile.Open(Path.Combine(Repository.Root, "configs", "spaces", "example.yaml"));
        Assert.Equal("example", space.Name);
        Assert.Equal(10, space.Depth);
    }

    [Theory]
    [InlineData("cifar16", 12)]
    [InlineData("cifar16-wide", 10)]
    [InlineData("cifar16-search", 12)]
    public void The_spaces_of_the_results_are_spaces(string name, int depth)
    {
        SearchSpace space = SearchSpaceFile.Open(Path.Combine(Repository.Root, "configs", "spaces", name + ".yaml"));
        Assert.Equal(name, space.Name);
        Assert.Equal(depth, space.Depth);
    }

    /// <summary>Its configuration has the side of the space, and is read again.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(2048)]
    public void A_run_takes_every_side_that_a_space_takes(int side)
    {
        SearchSpace space = SearchSpaceFile.Parse(
            Valid.Replace("resolution: 32", $"resolution: {side}", StringComparison.Ordinal),
            "space.yaml"
        );
        RunOptions options = new() { Data = new() { Resolution = space.Resolution } };
        Assert.Equal(side, options.Validate().Data.Resolution);
    }

    [Theory]
    [InlineData("resolution: 32", "resolution: big", "line 2", "'resolution' is 'big'", "from 8 to 2048")]
    [InlineData("resolution: 32", "resolution: 4", "line 2", "'resolution' is '4'", "from 8 to 2048")]
    [InlineData("resolution: 32", "resolutoin: 32", "line 2", "unknown key 'resolutoin'", "did you mean 'resolution'?")]
    [InlineData("name: mine", "name: mine\nchannels: 2", "line 2", "'channels' is '2'", "1 (gray) and 3 (color)")]
    [InlineData("name: mine", "name: mine\nactivation: swish", "line 2", "'activation' is 'swish'", "relu6 and relu")]
    [InlineData("stride: 1}", "stride: 3}", "line 3", "'stride' is '3'", "from 1 to 2")]
    [InlineData("stem: {width: 8, stride: 1}", "stem: 8", "line 3", "'stem'", "keys of its own")]
    [InlineData("stem: {width: 8, stride: 1}", "stem: {width: 8}", "line 3", "'stride' is missing", "")]
    [InlineData("[mb3e3, mb5e6, zero]", "[mb3e3, mb4e6, zero]", "line 4", "'mb4e6'", "mb{1|3|5|7|9|11}e{1..12}")]
    [InlineData("[mb3e3, mb5e6, zero]", "[mb3e3, mb3e3]", "line 4", "'candidates'", "mb3e3 twice")]
    [InlineData("[mb3e3, mb5e6, zero]", "[]", "line 4", "'candidates'", "at least one entry")]
    [InlineData("[mb3e3, mb5e6, zero]", "[zero]", "line 6", "changes the shape", "mb3e6")]
    [InlineData("width: 16, depth: 2", "width: 16, depht: 2", "line 6", "unknown key 'depht'", "did you mean 'depth'?")]
    [InlineData("    depth: 1", "    depth: 0", "line 8", "'depth' is '0'", "from 1 to 64")]
    [InlineData("head: {width: 64}", "head: {width: 64, width: 32}", "line 10", "no valid YAML", "")]
    [InlineData("head: {width: 64}", "head: {width: 64", "line", "no valid YAML", "")]
    [InlineData("head: {width: 64}", "", "line", "'head' is missing", "")]
    public void A_mistake_is_told_with_file_line_key_and_what_is_allowed(
        string old,
        string mistake,
        string line,
        string key,
        string allowed
    )
    {
        string yaml = Valid.Replace(old, mistake, StringComparison.Ordinal);
        Assert.NotEqual(Valid, yaml);
        string message = Assert.Throws<InvalidInputException>(() => SearchSpaceFile.Parse(yaml, "mine.yaml")).Message;
        Assert.StartsWith("mine.yaml, ", message, StringComparison.Ordinal);
        Assert.Contains(line, message, StringComparison.Ordinal);
        Assert.Contains(key, message, StringComparison.Ordinal);
        Assert.Contains(allowed, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_neither_preset_nor_file_is_answered_with_the_presets()
    {
        string message = Assert.Throws<InvalidInputException>(() => SearchSpaceFile.Open("imagenet-mobil")).Message;
        Assert.Contains("did you mean 'imagenet-mobile'?", message, StringComparison.Ordinal);
        Assert.All(SearchSpacePresets.Names, name => Assert.Contains(name, message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_file_is_bad_input() =>
        Assert.Contains(
            "nowhere.yaml",
            Assert.Throws<InvalidInputException>(() => SearchSpaceFile.Read("nowhere.yaml")).Message,
            StringComparison.Ordinal
        );

    /// <summary>Everything of a space as text, since records compare their lists by reference.</summary>
    private static string Shape(SearchSpace space)
    {
        IEnumerable<string> stages = space.Stages.Select(s =>
            $"{s.Width} {s.Depth} {s.Stride} {string.Join(',', s.Candidates)}"
        );
        return $"{space.Name} {space.Resolution} {space.InputChannels} {space.Activation} {space.StemWidth} "
            + $"{space.StemStride} "
            + $"{space.FirstBlockWidth} {space.HeadWidth} {string.Join(';', stages)}";
    }
}
