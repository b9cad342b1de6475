using System.CommandLine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Proxyless.Cli.Commands;
using Proxyless.Latency;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Docs;

/// <summary>
/// Every block of code in the documentation is run, compiled or read, or says above it why not. Commands of
/// <c>proxyless</c> are run by <see cref="ExampleTests"/>.
/// </summary>
public sealed class CodeBlockTests
{
    // Program text that is run by the script of continuous integration as it stands here.
    private const string Script = ".ci/run";

    // The line of the README that lets its other lines be typed as they stand.
    private static readonly string[] Function =
    [
        "proxyless() { dotnet run -c Release --project src/Proxyless.Cli -- \"$@\"",
        "}",
    ];

    public static TheoryData<string> Files => [.. CodeBlock.Documents()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Code_stands_between_backquotes(string file)
    {
        bool isInside = false;
        string before = "";
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, file)))
        {
            isInside ^= line.StartsWith("```", StringComparison.Ordinal);
            Assert.False(
                !isInside && before.Length == 0 && line.StartsWith("    ", StringComparison.Ordinal),
                $"{file}: '{line}' is code without a language"
            );
            before = line;
        }
    }

    [Fact]
    public void A_block_that_is_not_run_says_why_and_one_that_a_script_runs_names_it() =>
        Assert.All(
            CodeBlock.All.Where(block => block.Mark is not null),
            block =>
            {
                bool isRunBy = block.Mark!.StartsWith(CodeBlock.RunBy, StringComparison.Ordinal);
                Assert.True(isRunBy || block.Mark.StartsWith(CodeBlock.NotRun, StringComparison.Ordinal), $"{block}");
                if (isRunBy)
                {
                    string script = Path.Combine(Repository.Root, block.Mark[CodeBlock.RunBy.Length..]);
                    string text = File.ReadAllText(script);
                    Assert.All(
                        block
                            .Expanded()
                            .Where(line => block.Language == "sh" && !line.StartsWith("cd ", StringComparison.Ordinal)),
                        line => Assert.Contains(BeginningOf(line), text, StringComparison.Ordinal)
                    );
                }
            }
        );

    [Fact]
    public void Every_command_is_understood()
    {
        string[] wrong =
        [
            .. CodeBlock
                .All.Where(block => block.Language == "sh")
                .SelectMany(block => block.Commands.Select(command => (Block: block, Command: command)))
                .Select(shown => (shown.Block, shown.Command, Error: ErrorOf(shown.Command)))
                .Where(shown => shown.Error is not null)
                .Select(shown => $"{shown.Block}: {shown.Command}: {shown.Error}"),
        ];
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_line_that_is_run_is_a_command_of_the_program_or_a_line_of_the_script()
    {
        string script = File.ReadAllText(Path.Combine(Repository.Root, Script));
        Assert.All(
            CodeBlock.All.Where(block => block.IsRun),
            block =>
                Assert.All(
                    block.Expanded().Where(line => !line.StartsWith("proxyless ", StringComparison.Ordinal)),
                    line =>
                        Assert.True(
                            line.StartsWith("dotnet test", StringComparison.Ordinal)
                                || Function.Contains(line)
                                || script.Contains(ProjectOf(line), StringComparison.Ordinal),
                            $"{block}: '{line}' is run by nothing: mark the block"
                        )
                )
        );
    }

    [Fact]
    public void Every_program_compiles() =>
        Assert.All(
            CodeBlock.All.Where(block => block is { Language: "csharp", Mark: null }),
            block => Assert.Empty(ErrorsOf(string.Join('\n', block.Lines)).Select(error => $"{block}: {error}"))
        );

    [Fact]
    public void Every_file_of_a_target_is_read()
    {
        using var folder = new TemporaryFolder();
        folder.Add("pixel1-latency.yaml", "Conv-input:224x224x3-output:112x112x32: {mean: 4.08}"u8.ToArray());
        folder.Add("board-1.yaml", SizeTarget.File);
        folder.Add("board-2.yaml", SizeTarget.File);
        CodeBlock[] targets = [.. CodeBlock.All.Where(block => block is { Language: "yaml", Mark: null })];
        Assert.NotEmpty(targets);
        Assert.All(
            targets,
            block =>
            {
                string file = folder.Add(
                    $"target-{block.Line}.yaml",
                    System.Text.Encoding.UTF8.GetBytes(string.Join('\n', block.Lines))
                );
                using ITarget target = TargetFile.Open(file);
                Assert.NotEmpty(target.Id);
            }
        );
    }

    [Fact]
    public void Only_these_languages_have_a_rule() =>
        Assert.All(
            CodeBlock.All,
            block =>
                Assert.True(
                    block.Language is "sh" or "csharp" or "yaml" or "text"
                        || (block is { Language: "xml", Mark: not null }),
                    $"{block} is '{block.Language}'"
                )
        );

    private static string? ErrorOf(string command)
    {
        string[] words =
        [
            .. System
                .CommandLine.Parsing.CommandLineParser.SplitCommandLine(command)
                .Skip(1)
                .Where(word => word != "…"),
        ];
        ParseResult parse = Proxyless.Cli.CommandLine.Root().Parse(words);
        if (parse.Errors.Count > 0)
        {
            return parse.Errors[0].Message;
        }

        try
        {
            (parse.CommandResult.Command as ReportingCommand)?.CheckRanges(parse);
            return null;
        }
        catch (InvalidInputException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>The program of a line and its command; the rest differs where a script runs it.</summary>
    private static string BeginningOf(string line) => string.Join(' ', line.TrimStart('(').Split(' ').Take(2));

    /// <summary>What a line of <c>dotnet run</c> has in common with the script's: the project.</summary>
    private static string ProjectOf(string line)
    {
        string[] words = line.Split(' ');
        int option = Array.IndexOf(words, "--project");
        return option < 0 ? line : $"--project {words[option + 1]} -- ";
    }

    private static string[] ErrorsOf(string program)
    {
        const string Usings =
            "global using System; global using System.Collections.Generic; global using System.IO; "
            + "global using System.Linq; global using System.Net.Http; global using System.Threading; "
            + "global using System.Threading.Tasks; global using Microsoft.AspNetCore.Builder; "
            + "global using Microsoft.AspNetCore.Http; global using Microsoft.Extensions.DependencyInjection; "
            + "global using Microsoft.AspNetCore.Hosting; global using Microsoft.Extensions.Configuration;";
        string assemblies = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        var compilation = CSharpCompilation.Create(
            "documented",
            [
                CSharpSyntaxTree.ParseText(Usings, cancellationToken: TestContext.Current.CancellationToken),
                CSharpSyntaxTree.ParseText(program, cancellationToken: TestContext.Current.CancellationToken),
            ],
            assemblies.Split(Path.PathSeparator).Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, allowUnsafe: true)
        );
        return
        [
            .. compilation
                .GetDiagnostics(TestContext.Current.CancellationToken)
                .Where(found => found.Severity == DiagnosticSeverity.Error)
                .Select(found => found.ToString()),
        ];
    }
}
