using System.Text.RegularExpressions;
using Proxyless.Cli.Output;
using Proxyless.Comparisons;
using Proxyless.Data;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Search;

namespace Proxyless.Cli.Options;

/// <summary>
/// The words of the command line for what the library names by its API: <c>TrainingOptions.BatchSize = 64</c> is
/// <c>--batch-size 64</c>, <c>ObjectiveKind.Log</c> is <c>--objective log</c>, <c>ProxylessRun.Derive</c> is
/// <c>'proxyless derive'</c>, <c>ProxylessRun.Train(architecture: 'runs/a')</c> is
/// <c>'proxyless train --arch runs/a'</c> and the bare <c>ProxylessRun.Train(architecture)</c> is <c>--arch</c>.
/// </summary>
/// <remarks>
/// Only a known type, a dot and a known member of it form such a name, and not if they are part of a path or begin a
/// quotation: no word of a sentence and no file name is mistaken for one.
/// </remarks>
internal static partial class LibraryWords
{
    private static readonly Dictionary<string, string> Properties = new(
        RunSettings.All.Select(setting => KeyValuePair.Create(setting.Name, $"--{setting.Key}"))
    )
    {
        [Name(nameof(DatasetOptions), nameof(DatasetOptions.Location))] = "--data",
        [Name(nameof(DatasetOptions), nameof(DatasetOptions.Strict))] = "--strict",
        [Name(nameof(DatasetOptions), nameof(DatasetOptions.MaxPixels))] = "--max-pixels",
        [Name(nameof(ComparisonOptions), nameof(ComparisonOptions.Networks))] = "--network",
        [Name(nameof(ComparisonOptions), nameof(ComparisonOptions.Without))] = "--without",
        [Name(nameof(ComparisonOptions), nameof(ComparisonOptions.Seeds))] = "--seeds",
        [Name(nameof(ComparisonOptions), nameof(ComparisonOptions.Targets))] = "--targets",
        [Name(nameof(ComparisonOptions), nameof(ComparisonOptions.ScoredBy))] = "--scored-by",
        [Name(nameof(ImportOptions), nameof(ImportOptions.StateDict))] = "--state-dict",
        [Name(nameof(ProfileMode), nameof(ProfileMode.Thorough))] = "--thorough",
        [Name(nameof(QuantizeOptions), nameof(QuantizeOptions.Model))] = "--model",
        [Name(nameof(QuantizeOptions), nameof(QuantizeOptions.Data))] = "--data",
        [Name(nameof(QuantizeOptions), nameof(QuantizeOptions.Out))] = "--out",
        [Name(nameof(QuantizeOptions), nameof(QuantizeOptions.KeepFloat))] = "--keep-float",
        [Name(nameof(QuantizeOptions), nameof(QuantizeOptions.WeightBits))] = "--weight-bits",
        [Name(nameof(QuantizeOptions), nameof(QuantizeOptions.CalibrationImages))] = "--images",
        [Name(nameof(QuantizeOptions), nameof(QuantizeOptions.QatEpochs))] = "--qat-epochs",
    };

    private static readonly Dictionary<string, Func<string, string?>> Enumerations = new()
    {
        [nameof(ArchitectureUpdate)] = value => Choice<ArchitectureUpdate>("--update", value),
        [nameof(WeightUpdate)] = value => Choice<WeightUpdate>("--weight-update", value),
        [nameof(ObjectiveKind)] = value => Choice<ObjectiveKind>("--objective", value),
        [nameof(BlockKernels)] = value => Choice<BlockKernels>("--kernels", value),
    };

    private static readonly Dictionary<string, string> Commands = new()
    {
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Run))] = "run",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.RunAll))] = "run",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Search))] = "search",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.SearchAll))] = "search",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Derive))] = "derive",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Export))] = "export",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Train))] = "train",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Evaluate))] = "evaluate",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Predict))] = "predict",
        [Name(nameof(ProxylessRun), nameof(ProxylessRun.Quantize))] = "quantize",
        [Name(nameof(ProxylessComparison), nameof(ProxylessComparison.Run))] = "compare",
        [Name(nameof(LatencyTableCache), nameof(LatencyTableCache.Profile))] = "profile",
        [Name(nameof(LatencyTableFile), nameof(LatencyTableFile.Write))] = "profile",
        [Name(nameof(TableTarget), nameof(TableTarget.Predict))] = "describe --target",
        [Name(nameof(TargetFile), nameof(TargetFile.Add))] = "target add",
        [Name(nameof(PretrainedModel), nameof(PretrainedModel.Import))] = "weights import",
    };

    private static readonly Dictionary<string, string> Parameters = new()
    {
        ["ProxylessRun.Train.architecture"] = "--arch",
        ["ProxylessRun.Run.architecture"] = "--arch",
        ["ProxylessRun.Derive.source"] = "--run",
        ["ProxylessRun.Export.run"] = "--run",
        ["ProxylessRun.Export.data"] = "--data",
        ["ProxylessRun.Predict.model"] = "--model",
        ["ProxylessRun.Evaluate.model"] = "--model",
        ["ProxylessRun.Evaluate.againstNetwork"] = "--against-network",
        ["ProxylessRun.Evaluate.against"] = "--against",
        ["TargetFile.Add.overwrite"] = "--overwrite",
    };

    /// <summary>Translates a text of the library to the words of the command line.</summary>
    /// <param name="text">A message, a warning, or the detail of a progress report.</param>
    public static string Translate(string text) => ApiName().Replace(text, Translate);

    private static string Translate(Match match)
    {
        string owner = match.Groups["owner"].Value;
        string member = match.Groups["member"].Value;
        string name = Name(owner, member);
        Group arguments = match.Groups["arguments"];
        string after = match.Groups["is"].Success ? " " : "";
        if (!Commands.TryGetValue(name, out string? command))
        {
            // Parentheses after a property belong to the sentence.
            return OptionOf(owner, member, name) is { } option
                ? option + (arguments.Success ? match.Value[name.Length..] : after)
                : match.Value;
        }

        if (!arguments.Success)
        {
            return $"'proxyless {command}'";
        }

        if (Parameters.TryGetValue($"{name}.{arguments.Value}", out string? parameter))
        {
            return parameter + after;
        }

        IEnumerable<string> words = Argument().Matches(arguments.Value).Select(argument => ArgumentOf(name, argument));
        return $"'proxyless {command} {string.Join(' ', words)}'";
    }

    private static string ArgumentOf(string method, Match argument)
    {
        string name = argument.Groups["name"].Value;
        string option = Parameters.TryGetValue($"{method}.{name}", out string? parameter) ? parameter : Translate(name);
        string value = argument.Groups["quoted"].Success
            ? argument.Groups["quoted"].Value
            : argument.Groups["word"].Value;
        return value.Length == 0 ? option : $"{option} {Facts.Quoted(value)}";
    }

    private static string? OptionOf(string owner, string member, string name) =>
        Enumerations.TryGetValue(owner, out Func<string, string?>? choice)
            ? choice(member)
            : Properties.GetValueOrDefault(name);

    private static string? Choice<T>(string option, string value)
        where T : struct, Enum =>
        Enum.TryParse(value, out T parsed)
            ? $"{option} {Values.Words<T>().First(word => word.Value.Equals(parsed)).Key}"
            : null;

    private static string Name(string owner, string member) => $"{owner}.{member}";

    [GeneratedRegex(
        @"(?<![\w./\\'-])(?<owner>[A-Z]\w*)\.(?<member>[A-Z]\w*)(?![\w/\\]|\.\w)"
            + @"(?:\((?<arguments>(?:[^()']|'.*?'(?=[,)]))*)\))?(?<is> = )?",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex ApiName();

    [GeneratedRegex(
        @"(?<name>[\w.]+)(?:(?:: | = )(?:'(?<quoted>.*?)'(?=,|$)|(?<word>\w+)))?(?:, |$)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Argument();
}
