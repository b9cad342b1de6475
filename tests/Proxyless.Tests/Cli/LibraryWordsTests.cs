using System.CommandLine;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Proxyless.Architectures;
using Proxyless.Cli.Commands;
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
    [InlineData("TrainingOptions.BatchSize = 1 is out of range", "--batch-size 1 is out of range")]
    [InlineData("a higher SearchOptions.ArchitectureLearningRate", "a higher --architecture-learning-rate")]
    [InlineData("(no TargetOptions.LatencyMs: the middle)", "(no --latency: the middle)")]
    [InlineData("name it by DataOptions.Path = DIR", "name it by --data DIR")]
    [InlineData("RunOptions.Out = 'runs/a' is a file", "--out 'runs/a' is a file")]
    [InlineData("leave DatasetOptions.Strict out. Go on", "leave --strict out. Go on")]
    [InlineData("ObjectiveKind.Log takes a limit", "--objective log takes a limit")]
    [InlineData("ArchitectureUpdate.LeaveOneOut, which", "--update leave-one-out, which")]
    [InlineData("derive with ProxylessRun.Derive", "derive with 'proxyless derive'")]
    [InlineData("LatencyTableCache.Profile(ProfileMode.Thorough) may help", "'proxyless profile --thorough' may help")]
    [InlineData("ProxylessRun.Train(architecture: FOLDER)", "'proxyless train --arch FOLDER'")]
    [InlineData(
        "ProxylessRun.Train(architecture: 'a (b), c', RunOptions.Resume)",
        "'proxyless train --arch 'a (b), c' --resume'"
    )]
    [InlineData(
        "on: ProxylessRun.Search(RunOptions.Resume, RunOptions.Out = 'C:\\runs\\it's')",
        "on: 'proxyless search --resume --out 'C:\\runs\\it'\\''s''"
    )]
    [InlineData("with ProxylessRun.Train(architecture) = runs/a and", "with --arch runs/a and")]
    [InlineData("replace it with TargetFile.Add(overwrite), or", "replace it with --overwrite, or")]
    public void A_name_of_the_library_is_said_in_words_of_the_command_line(string said, string shown) =>
        Assert.Equal(shown, LibraryWords.Translate(said));

    [Theory]
    [InlineData("Data, Seed and Resume are words")]
    [InlineData("'DataOptions.Path' is a folder")]
    [InlineData("photos/DataOptions.Path/cat.jpg: no image")]
    [InlineData("C:\\DataOptions.Path\\cat.jpg: no image")]
    [InlineData("DataOptions.Path.txt: no image")]
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

        Assert.Equal(
            RunSettings.All.Select(setting => $"--{setting.Key}").Order(),
            set.Options.Select(option => option.Name).Order()
        );
        foreach (RunSetting setting in RunSettings.All)
        {
            Option option = set.Options.First(option => option.Name == $"--{setting.Key}");
            string[] words =
                option.ValueType == typeof(bool) ? [option.Name] : [option.Name, ValueFor(setting, option)];
            RunOptions read = set.Read(command.Parse(words));
            RunSetting changed = Assert.Single(
                RunSettings.All,
                one => !Equals(one.Get(read), one.Get(new RunOptions()))
            );
            Assert.Equal(setting.Name, changed.Name);
        }
    }

    /// <summary>The flat list loses nothing: two options that differ, differ in a setting.</summary>
    [Fact]
    public void Every_property_of_every_part_is_a_setting_of_one_key()
    {
        Type[] parts = [typeof(DataOptions), typeof(TargetOptions), typeof(SearchOptions), typeof(TrainingOptions)];
        IEnumerable<string> ofParts = parts
            .SelectMany(part => part.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            .Select(property => $"{property.DeclaringType!.Name}.{property.Name}");
        IEnumerable<string> own = typeof(RunOptions)
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => !parts.Contains(property.PropertyType))
            .Select(property => $"RunOptions.{property.Name}");
        Assert.Equal(ofParts.Concat(own).Order(), RunSettings.All.Select(setting => setting.Name).Order());
        Assert.Distinct(RunSettings.All.Select(setting => setting.Key));
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
    public void Failures_of_limits_in_json_are_in_words_of_the_command_line()
    {
        CommandOutcome outcome = LimitSummary.Outcome(
            new LimitResults<string>
            {
                Run = "runs/a",
                Networks = ["a network"],
                Failures = [new LimitFailure("cpu", 1, "raise TargetOptions.LatencyMs")],
            },
            (_, _) => { },
            "top-1",
            _ => new LimitLine("runs/a/network", 1, 2, null),
            _ => ""
        );
        using var output = new StringWriter();
        outcome.WriteTo(output, json: true);
        Assert.Contains("raise --latency", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_are_in_words_of_the_command_line()
    {
        using var folder = new TemporaryFolder();
        folder.Add("runs/photos/thesis.txt", [1]);
        string run = Path.Combine(folder.Root, "runs", "photos");
        Assert.Equal(
            $"error: '{run}' is not empty and holds no run; choose another --out{Environment.NewLine}",
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

    private static string ValueFor(RunSetting setting, Option option) =>
        setting.Range is { } range ? range.Most.ToString("R", System.Globalization.CultureInfo.InvariantCulture)
        : setting.Key == "time" ? "2h"
        : setting.Property.PropertyType.IsEnum ? option.HelpName!.Split('|')[^1]
        : "other";

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
