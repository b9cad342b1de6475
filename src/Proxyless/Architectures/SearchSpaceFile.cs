using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Proxyless.Files;

namespace Proxyless.Architectures;

/// <summary>
/// A space as YAML, so that users can write their own without code; <c>configs/spaces/example.yaml</c> explains every
/// key.
/// </summary>
public static class SearchSpaceFile
{
    private static readonly JsonSerializerOptions Escaping = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly string[] Keys =
    [
        "name",
        "resolution",
        "channels",
        "activation",
        "stem",
        "first_block",
        "candidates",
        "stages",
        "head",
    ];

    /// <summary>Reads the space that a preset's name or a file stands for.</summary>
    /// <param name="nameOrFile">One of <see cref="SearchSpacePresets.Names"/>, or the path of a YAML file.</param>
    /// <exception cref="InvalidInputException">It is neither, or the file cannot be used.</exception>
    public static SearchSpace Open(string nameOrFile)
    {
        ArgumentNullException.ThrowIfNull(nameOrFile);
        if (SearchSpacePresets.Names.Contains(nameOrFile))
        {
            return SearchSpacePresets.ByName(nameOrFile);
        }

        return File.Exists(nameOrFile)
            ? Read(nameOrFile)
            : throw new InvalidInputException(
                $"space '{nameOrFile}': no such file and no such "
                    + $"name{NearestName.Suggestion(nameOrFile, SearchSpacePresets.Names)}; "
                    + $"give a YAML file or one of {string.Join(", ", SearchSpacePresets.Names)}"
            );
    }

    /// <summary>Reads a space.</summary>
    /// <exception cref="InvalidInputException">
    /// The file is missing or wrong; the message says file, line, key and what is allowed.
    /// </exception>
    public static SearchSpace Read(string path) =>
        FromYaml(YamlMapping.Read(path), Path.GetFileNameWithoutExtension(path));

    /// <summary>Reads a space from YAML.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="source">What to call it in messages; also the space's name where the text has none.</param>
    /// <exception cref="InvalidInputException">
    /// The text is wrong; the message says line, key and what is allowed.
    /// </exception>
    public static SearchSpace Parse(string yaml, string source) => FromYaml(YamlMapping.Parse(yaml, source), source);

    /// <summary>Writes a space in the format of <see cref="Read"/>.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, SearchSpace space) => AtomicFile.WriteAllText(path, ToYaml(space));

    /// <summary>Returns the YAML that <see cref="Parse"/> reads back as the same space.</summary>
    public static string ToYaml(SearchSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        var yaml = new StringBuilder();
        yaml.Append(CultureInfo.InvariantCulture, $"name: {Quote(space.Name)}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"resolution: {space.Resolution}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"channels: {space.InputChannels}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"activation: {ActivationName.Of(space.Activation)}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"stem: {{width: {space.StemWidth}, stride: {space.StemStride}}}\n");
        if (space.FirstBlockWidth > 0)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"first_block: {{width: {space.FirstBlockWidth}}}\n");
        }

        yaml.Append("stages:\n");
        foreach (Stage stage in space.Stages)
        {
            yaml.Append(
                    CultureInfo.InvariantCulture,
                    $"  - {{width: {stage.Width}, depth: {stage.Depth}, stride: {stage.Stride}, "
                )
                .Append(CultureInfo.InvariantCulture, $"candidates: [{string.Join(", ", stage.Candidates)}]}}\n");
        }

        yaml.Append(CultureInfo.InvariantCulture, $"head: {{width: {space.HeadWidth}}}\n");
        return yaml.ToString();
    }

    private static SearchSpace FromYaml(YamlMapping file, string fallbackName)
    {
        file.AllowOnly(Keys);
        YamlMapping stem = file.Mapping("stem");
        stem.AllowOnly("width", "stride");
        YamlMapping head = file.Mapping("head");
        head.AllowOnly("width");
        int firstBlock = 0;
        if (file.Has("first_block"))
        {
            YamlMapping first = file.Mapping("first_block");
            first.AllowOnly("width");
            firstBlock = first.Integer("width", 1, 4096);
        }

        int channels = file.Integer("channels", 1, 3, absent: 3);
        if (channels == 2)
        {
            throw file.Error("channels", "is '2'; allowed are 1 (gray) and 3 (color)");
        }

        var space = new SearchSpace
        {
            Name = file.Has("name") ? file.Text("name") : fallbackName,
            Resolution = file.Integer("resolution", SearchSpace.LeastResolution, SearchSpace.MostResolution),
            InputChannels = channels,
            Activation = file.Has("activation")
                ? ActivationName.Parse(file.Text("activation"), wrong => file.Error("activation", wrong))
                : Activation.Relu6,
            StemWidth = stem.Integer("width", 1, 4096),
            StemStride = stem.Integer("stride", 1, 2),
            FirstBlockWidth = firstBlock,
            Stages = ReadStages(file),
            HeadWidth = head.Integer("width", 1, 8192),
        };
        RequireCandidates(space, file);
        return space;
    }

    private static Stage[] ReadStages(YamlMapping file)
    {
        IReadOnlyList<CandidateOperation>? shared = file.Has("candidates") ? ReadCandidates(file) : null;
        return
        [
            .. file.Mappings("stages")
                .Select(stage =>
                {
                    stage.AllowOnly("width", "depth", "stride", "candidates");
                    return new Stage(
                        stage.Integer("width", 1, 4096),
                        stage.Integer("depth", 1, 64),
                        stage.Integer("stride", 1, 2, absent: 1),
                        stage.Has("candidates") || shared is null ? ReadCandidates(stage) : shared
                    );
                }),
        ];
    }

    private static IReadOnlyList<CandidateOperation> ReadCandidates(YamlMapping mapping)
    {
        IReadOnlyList<CandidateOperation> candidates = mapping.Values("candidates", CandidateOperation.Parse);
        return candidates.GroupBy(candidate => candidate).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw mapping.Error("candidates", $"names {twice.Key} twice")
            : candidates;
    }

    /// <summary>
    /// Zero is allowed only where a block keeps its shape, so a stage's first block may need other candidates.
    /// </summary>
    private static void RequireCandidates(SearchSpace space, YamlMapping file)
    {
        int width = space.FirstBlockWidth > 0 ? space.FirstBlockWidth : space.StemWidth;
        IReadOnlyList<YamlMapping> stages = file.Mappings("stages");
        foreach ((Stage stage, YamlMapping mapping) in space.Stages.Zip(stages))
        {
            bool keepsShape = stage.Stride == 1 && stage.Width == width;
            if (!keepsShape && stage.Candidates.All(candidate => candidate.Kind == OperationKind.Zero))
            {
                throw mapping.Error(
                    mapping.Has("candidates") ? "candidates" : "width",
                    $"leaves nothing for the stage's first block, which changes the shape; add one of "
                        + $"{CandidateOperation.Forms}"
                );
            }

            width = stage.Width;
        }
    }

    /// <summary>
    /// In single quotes a line break would become a space; in double quotes JSON's escapes are valid YAML too.
    /// </summary>
    private static string Quote(string text) =>
        text.Any(letter => char.IsControl(letter) || letter is '\u2028' or '\u2029')
            ? JsonSerializer.Serialize(text, Escaping)
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
