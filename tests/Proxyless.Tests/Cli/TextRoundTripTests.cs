using System.CommandLine;
using System.Text;
using CsCheck;
using Proxyless.Architectures;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>Names stay what they are in YAML, where some words mean something else.</summary>
public sealed class TextRoundTripTests : IDisposable
{
    private static readonly string[] Words =
    [
        "null",
        "Null",
        "NULL",
        "~",
        "yes",
        "no",
        "on",
        "off",
        "true",
        "False",
        "y",
        "N",
        "1e3",
        "0x10",
        "0o17",
        "017",
        "1_000",
        "12:30",
        ".inf",
        "-.INF",
        ".nan",
        "2026-11-26",
        "2026-11-26T10:00:00Z",
        "=",
        "<<",
        "-",
        "- a",
        "--json",
        "--data",
        "-x",
        "@photos",
        "#photos",
        "photos # 2",
        "a: b",
        "[a, b]",
        "{a: b}",
        "*a",
        "&a",
        "!a",
        "!!str a",
        "|",
        ">",
        "%a",
        "`a`",
        "'",
        "\"",
        "'a'",
        "\"a\"",
        "a\nb",
        "\ta",
        " a",
        "a ",
        "a=b",
        "a:b",
        ":",
        "?",
        "? a",
        "...",
        "---",
        "Käse/猫",
        "😀",
        "C:\\a\\b",
    ];

    private readonly TemporaryFolder _folder = new();

    private static Gen<string> AnyText =>
        Gen.OneOf(
            Gen.Int[0, Words.Length - 1].Select(i => Words[i]),
            Gen.String.Where(text =>
                text.Trim().Length > 0 && !text.Contains('\0', StringComparison.Ordinal) && IsWhole(text)
            ),
            Gen.String["-@#:=?!&*|>%'\"[]{}, \t\nnulytrefaso~.0123456789"].Where(text => text.Trim().Length > 0)
        );

    private string File => Path.Combine(_folder.Root, "run.yaml");

    public static TheoryData<string> SpecialWords => [.. Words];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(SpecialWords))]
    public void A_word_that_means_something_in_YAML_is_a_name(string word) => RequireRoundTrip(word);

    [Fact]
    public void Any_text_that_a_run_writes_into_its_config_is_read_back() =>
        AnyText.Sample(RequireRoundTrip, iter: 500, threads: 1);

    [Theory]
    [InlineData("null")]
    [InlineData("yes")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("2026-11-26")]
    [InlineData(".inf")]
    [InlineData("~")]
    public void A_word_that_a_user_writes_without_quotes_is_a_name_too(string word)
    {
        System.IO.File.WriteAllText(File, $"data: {word}\nspace: {word}\n");
        Assert.Equal((word, word), (Read().Data.Path, Read().Search.Space));
        Assert.Equal((word, word), (RunConfigFile.Read(File).Data.Path, RunConfigFile.Read(File).Search.Space));
        Assert.Equal(word, YamlMapping.Read(File).Text("data"));
    }

    [Theory]
    [MemberData(nameof(SpecialWords))]
    public void A_space_may_have_any_name(string word)
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny") with { Name = word };
        Assert.Equal(word, SearchSpaceFile.Parse(SearchSpaceFile.ToYaml(space), "test").Name);
    }

    private static bool IsWhole(string text)
    {
        // Half a surrogate pair is no text that a file can hold.
        return new UTF8Encoding(false).GetString(new UTF8Encoding(false).GetBytes(text)) == text;
    }

    private void RequireRoundTrip(string text)
    {
        RunOptions written = new()
        {
            Data = new() { Path = text },
            Search = new() { Space = text },
            Target = new() { Name = text },
            Out = text,
        };
        RunConfigFile.Write(File, written);

        // A run is where its configuration is, whatever that says.
        Assert.Equal(written with { Out = _folder.Root }, RunConfigFile.Read(File));
        Assert.Equal(written, Read());
    }

    private RunOptions Read()
    {
        ParseResult parse = CommandLine.Parse(CommandLine.Root(), ["run", "--config", File]);
        return ((RunCommand)parse.CommandResult.Command).LibraryOptions.Read(parse);
    }
}
