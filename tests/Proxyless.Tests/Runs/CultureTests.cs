using System.Globalization;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Proxyless.Architectures;
using Proxyless.Inference;
using Proxyless.Measurement;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>The culture of the program that uses the libraries changes nothing of what they say and write.</summary>
[Collection(nameof(WholeRuns))]
public sealed class CultureTests : IDisposable
{
    // Marks that stand in none of our texts: what a number is written with shows wherever it came from.
    private const string DecimalMark = "\u066B";
    private const string GroupMark = "\u066C";
    private const string MinusMark = "\u207B";
    private static readonly string[] Marks = [DecimalMark, GroupMark, MinusMark];

    private static readonly string[] Numbers =
    [
        "System.Double",
        "System.Single",
        "System.Decimal",
        "System.DateTime",
        "System.DateTimeOffset",
        "System.DateOnly",
    ];

    private static readonly string[] WithFormat = ["System.Int32", "System.Int64", "System.UInt64", "System.TimeSpan"];

    private readonly TemporaryFolder _folder = new();
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    public void Dispose()
    {
        CultureInfo.CurrentCulture = _before;
        _folder.Dispose();
    }

    [Fact]
    public void A_run_says_and_writes_the_same_in_a_culture_of_other_marks()
    {
        CultureInfo.CurrentCulture = Foreign();
        Assert.Equal($"1{GroupMark}000{DecimalMark}5 {MinusMark}1", $"{1000.5:N1} {-1}");
        var observer = new Everything();
        string target = FixedTable.Write(_folder.Root, SearchSpacePresets.ByName("tiny"), 8);
        string run = Path.Combine(_folder.Root, "run");
        RunResult result = ProxylessRun.Run(
            new RunOptions
            {
                Out = run,
                Target = new() { Name = target },
                Search = new() { Epochs = 0.2 },
                Training = new() { Epochs = 0.2, BatchSize = 32 },
                Threads = 1,
            },
            observer,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(2, RunConfigFile.Read(new RunDirectory(run).Config).Search.ArchitectureInterval);
        Assert.True(result.LatencyMs > 0);
        Assert.Contains(observer.Texts, text => text.Contains("limit: ", StringComparison.Ordinal));
        Assert.DoesNotContain(observer.Texts, IsForeign);
        string[] written =
        [
            .. Directory
                .GetFiles(run, "*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is not (".onnx" or ".safetensors")),
        ];
        Assert.Contains(written, file => file.EndsWith("report.html", StringComparison.Ordinal));
        Assert.DoesNotContain(written, file => IsForeign(file) || IsForeign(File.ReadAllText(file)));
    }

    [Fact]
    public void Wrong_options_are_named_the_same_in_a_culture_of_other_marks()
    {
        CultureInfo.CurrentCulture = Foreign();
        RunOptions[] wrong =
        [
            new() { Training = new() { LearningRate = 1000.5 } },
            new() { Target = new() { MaxMacs = -1 } },
            new() { Time = TimeSpan.FromSeconds(0.5) },
            new() { Target = new() { AlsoFor = "cpu:2=-0.5" } },
        ];
        Assert.All(
            wrong,
            options => Assert.False(IsForeign(Assert.Throws<InvalidInputException>(() => options.Validate()).Message))
        );
    }

    /// <summary>
    /// An interpolated text is written in the current culture unless it is handed a provider; the analyzer that finds
    /// other such calls (CA1305) does not see it.
    /// </summary>
    [Fact]
    public void No_number_is_interpolated_in_the_current_culture()
    {
        string[] places =
        [
            .. new[] { typeof(RunOptions), typeof(OnnxClassifier), typeof(OnnxTimer) }.SelectMany(type =>
                InCurrentCulture(type.Assembly.Location)
            ),
        ];
        Assert.True(places.Length == 0, string.Join('\n', places));
    }

    private static bool IsForeign(string text) =>
        Array.Exists(Marks, mark => text.Contains(mark, StringComparison.Ordinal));

    private static CultureInfo Foreign()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = DecimalMark;
        culture.NumberFormat.NumberGroupSeparator = GroupMark;
        culture.NumberFormat.PercentDecimalSeparator = DecimalMark;
        culture.NumberFormat.PercentGroupSeparator = GroupMark;
        culture.NumberFormat.NegativeSign = MinusMark;
        return culture;
    }

    private static IEnumerable<string> InCurrentCulture(string assembly)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(assembly);
        foreach (
            MethodDefinition method in module
                .GetTypes()
                .SelectMany(type => type.Methods)
                .Where(method => method.HasBody && method.DeclaringType.Name != nameof(InvariantText.InvariantHandler))
        )
        {
            foreach (string number in InCurrentCulture(method))
            {
                yield return $"{method.DeclaringType.FullName}.{method.Name} writes {number}";
            }
        }
    }

    /// <summary>
    /// Texts within a text are begun and ended before it ends: the innermost one that is open takes a value.
    /// </summary>
    private static IEnumerable<string> InCurrentCulture(MethodDefinition method)
    {
        var isInvariant = new Stack<bool>();
        foreach (Instruction instruction in method.Body.Instructions)
        {
            if (
                instruction.Operand is not MethodReference called
                || called.DeclaringType.FullName != "System.Runtime.CompilerServices.DefaultInterpolatedStringHandler"
            )
            {
                if (
                    instruction.Operand is MethodReference { Name: "Create", DeclaringType.FullName: "System.String" }
                    && isInvariant.Count > 0
                )
                {
                    isInvariant.Pop();
                }

                continue;
            }

            switch (called.Name)
            {
                case ".ctor":
                    isInvariant.Push(called.Parameters.Count > 2);
                    break;
                case "ToStringAndClear":
                    isInvariant.Pop();
                    break;
                case "AppendFormatted" when !isInvariant.Peek() && called is GenericInstanceMethod generic:
                    TypeReference type = generic.GenericArguments[0];
                    string name = type is GenericInstanceType { Name: "Nullable`1" } nullable
                        ? nullable.GenericArguments[0].FullName
                        : type.FullName;
                    if (
                        Numbers.Contains(name)
                        || (
                            WithFormat.Contains(name)
                            && called.Parameters.Any(parameter => parameter.ParameterType.FullName == "System.String")
                        )
                    )
                    {
                        yield return name;
                    }

                    break;
            }
        }
    }

    private sealed class Everything : IRunObserver
    {
        public List<string> Texts { get; } = [];

        public TimeSpan ProgressInterval => TimeSpan.Zero;

        public void Progress(RunProgress progress) => Texts.Add(progress.Detail);

        public void Message(string text) => Texts.Add(text);

        public void Warning(string text) => Texts.Add(text);
    }
}
