using System.CommandLine;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Proxyless.Architectures;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Inference;
using Proxyless.Measurement;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed partial class LibraryWordsTests
{
    private static readonly Assembly[] Libraries =
    [
        typeof(RunOptions).Assembly,
        typeof(OnnxClassifier).Assembly,
        typeof(OnnxTimer).Assembly,
    ];

    [Theory]
    [InlineData("RunOptions.BatchSize = 1 is out of range", "--batch-size 1 is out of range")]
    [InlineData("a higher RunOptions.ArchitectureLearningRate", "a higher --architecture-learning-rate")]
    [InlineData("(no RunOptions.LatencyMs: the middle)", "(no --latency: the middle)")]
    [InlineData("name it by RunOptions.Data = DIR", "name it by --data DIR")]
    [InlineData("RunOptions.Out = 'runs/a' is a file", "--out 'runs/a' is a file")]
    [InlineData("leave DatasetOptions.Strict out. Go on", "leave --strict out. Go on")]
    [InlineData("ObjectiveKind.Log takes a limit", "--objective log takes a limit")]
    [InlineData("ArchitectureUpdate.LeaveOneOut, which", "--update leave-one-out, which")]
    [InlineData("derive with ProxylessRun.Derive", "derive with 'proxyless derive'")]
    [InlineData("LatencyTableCache.Profile(ProfileMode.Thorough) may help", "'proxyless profile --thorough' may help")]
    [InlineData("ProxylessRun.Train(architecture: FOLDER)", "'proxyless train --arch FOLDER'")]
    [InlineData(
        "ProxylessRun.Train(architecture: 'a (b), c', RunOptions.Resume)",
        "'proxyless train --arch a (b), c --resume'"
    )]
    [InlineData(
        "on: ProxylessRun.Search(RunOptions.Resume, RunOptions.Out = 'C:\\runs\\it's')",
        "on: 'proxyless search --resume --out C:\\runs\\it's'"
    )]
    [InlineData("with ProxylessRun.Train(architecture) = runs/a and", "with --arch runs/a and")]
    [InlineData("replace it with TargetFile.Add(overwrite), or", "replace it with --overwrite, or")]
    public void A_name_of_the_library_is_said_in_words_of_the_command_line(string said, string shown) =>
        Assert.Equal(shown, LibraryWords.Translate(said));

    [Theory]
    [InlineData("Data, Seed and Resume are words")]
    [InlineData("'RunOptions.Data' is a folder")]
    [InlineData("photos/RunOptions.Data/cat.jpg: no image")]
    [InlineData("C:\\RunOptions.Data\\cat.jpg: no image")]
    [InlineData("RunOptions.Data.txt: no image")]
    [InlineData("MyRunOptions.Data and RunOptions.Dataset")]
    [InlineData("Proxyless.Runs and System.IO.File")]
    public void Ordinary_words_and_names_of_files_stay(string text) => Assert.Equal(text, LibraryWords.Translate(text));

    /// <summary>The command line has made this call before anything can tell of it.</summary>
    private const string ForProgramsAlone = "ProxylessRuntime.Configure";

    [Fact]
    public void Every_option_of_a_run_sets_the_property_that_it_is_the_word_for()
    {
        RunOptionSet set = RunOptionSet.All();
        var command = new Command("test");
        foreach (Option option in set.Options)
        {
            command.Options.Add(option);
        }

        IReadOnlyDictionary<string, string> names = set.NamesByProperty();
        PropertyInfo[] properties =
        [
            .. typeof(RunOptions).GetProperties().Where(property => property.SetMethod is { IsStatic: false }),
        ];
        Assert.Equal(properties.Select(property => property.Name).Order(), names.Keys.Order());
        foreach (PropertyInfo property in properties)
        {
            Option option = set.Options.First(option => option.Name == names[property.Name]);
            string[] words =
                option.ValueType == typeof(bool) ? [option.Name] : [option.Name, ValueFor(property, option)];
            RunOptions read = set.Read(command.Parse(words));
            PropertyInfo changed = Assert.Single(
                properties,
                one => !Equals(one.GetValue(read), one.GetValue(new RunOptions()))
            );
            Assert.Equal(property.Name, changed.Name);
        }
    }

    [Fact]
    public void No_text_and_no_documentation_of_a_library_speaks_of_options_of_the_command_line()
    {
        Assert.DoesNotContain(Libraries.SelectMany(TextsOf), OptionName().IsMatch);
        Assert.DoesNotContain(
            Libraries.SelectMany(library => File.ReadLines(Path.ChangeExtension(library.Location, ".xml"))),
            OptionName().IsMatch
        );
    }

    [Fact]
    public void No_text_of_a_library_names_a_command()
    {
        string[] texts = [.. Libraries.SelectMany(TextsOf)];
        Assert.Contains(texts, text => text.Contains("ProxylessRun.", StringComparison.Ordinal));
        Assert.DoesNotContain(texts, CommandName().IsMatch);
    }

    [Fact]
    public void Every_name_of_the_library_in_its_texts_has_its_word_on_the_command_line()
    {
        string[] types = [.. typeof(RunOptions).Assembly.GetTypes().Select(type => type.Name)];
        string[] names =
        [
            .. Libraries
                .SelectMany(TextsOf)
                .SelectMany(text => MemberName().Matches(text))
                .Where(match => types.Contains(match.Groups["owner"].Value))
                .Select(match => match.Value)
                .Where(name => name != ForProgramsAlone)
                .Distinct(),
        ];
        Assert.Contains("RunOptions.Out", names);
        Assert.All(names, name => Assert.NotEqual(name, LibraryWords.Translate(name)));
    }

    [Fact]
    public void What_is_shown_and_what_a_runs_files_keep_are_in_words_of_the_command_line()
    {
        using var error = new StringWriter();
        using var observer = new ConsoleRunObserver(error);
        observer.Warning("RunOptions.Time leaves the search 3 steps");
        observer.Message("go on with ProxylessRun.Derive");
        observer.Progress(new RunProgress("search", 1, 1, null, "RunOptions.Seed = 3"));
        Assert.Contains("warning: --time leaves the search 3 steps", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("go on with 'proxyless derive'", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("--seed 3", error.ToString(), StringComparison.Ordinal);

        using var folder = new TemporaryFolder();
        Assert.Equal("--time leaves 3 steps", KeptBy(observer, folder.Root));
        Assert.Equal("RunOptions.Time leaves 3 steps", KeptBy(NullRunObserver.Instance, folder.Root));
    }

    [Fact]
    public void Errors_are_in_words_of_the_command_line()
    {
        using var folder = new TemporaryFolder();
        folder.Add("runs/photos/thesis.txt", [1]);
        string run = Path.Combine(folder.Root, "runs", "photos");
        Assert.Equal(
            $"error: '{run}' exists and is not empty; go on with --resume, replace it with --overwrite, or choose "
                + $"another --out{Environment.NewLine}",
            CommandLineRun
                .Of(
                    "run",
                    "--out",
                    run,
                    "--target",
                    FixedTable.Write(folder.Root, SearchSpacePresets.ByName("tiny"), 8)
                )
                .Error
        );
        CommandLineRun help = CommandLineRun.Of("profile", "--help");
        Assert.Contains(
            "'proxyless target add'",
            string.Join(' ', help.Output.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal
        );
    }

    private static string KeptBy(IRunObserver observer, string folder)
    {
        var recorder = new WarningRecorder(observer);
        recorder.Warning("RunOptions.Time leaves 3 steps");
        var directory = new RunDirectory(folder);
        File.Delete(directory.Warnings);
        recorder.WriteTo(directory);
        return Assert.Single(Files.JsonLines.Read<string>(directory.Warnings));
    }

    private static string ValueFor(PropertyInfo property, Option option)
    {
        if (RunOptions.Ranges.TryGetValue(property.Name, out NumberRange? range))
        {
            return range.Most.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        }

        return property.Name == nameof(RunOptions.Time) ? "2h"
            : property.PropertyType.IsEnum ? option.HelpName!.Split('|')[^1]
            : "other";
    }

    /// <summary>Every text that the code of an assembly holds: its literals and its constants.</summary>
    private static IEnumerable<string> TextsOf(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        MetadataReader metadata = file.GetMetadataReader();
        var texts = new List<string>();
        for (
            UserStringHandle handle = MetadataTokens.UserStringHandle(1);
            !handle.IsNil;
            handle = metadata.GetNextHandle(handle)
        )
        {
            texts.Add(metadata.GetUserString(handle));
        }

        foreach (FieldDefinitionHandle handle in metadata.FieldDefinitions)
        {
            if (
                metadata.GetFieldDefinition(handle).GetDefaultValue() is { IsNil: false } value
                && metadata.GetConstant(value) is { TypeCode: ConstantTypeCode.String } constant
            )
            {
                texts.Add((string)metadata.GetBlobReader(constant.Value).ReadConstant(ConstantTypeCode.String)!);
            }
        }

        return texts;
    }

    // Names of properties in style sheets are after a brace, a parenthesis, a semicolon or, within a program's text,
    // "$".
    [GeneratedRegex(@"(?<![\w{;(-])--[a-z]", RegexOptions.CultureInvariant)]
    private static partial Regex OptionName();

    // 'proxyless-agent' is a program of its own, on the device.
    [GeneratedRegex(
        @"proxyless (run|search|derive|train|evaluate|predict|profile|describe|export|compare|data|target|bench)\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex CommandName();

    [GeneratedRegex(
        @"(?<![\w.])(?<owner>[A-Z]\w+)\.[A-Z]\w+(\([a-z]\w*\))?",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex MemberName();
}
