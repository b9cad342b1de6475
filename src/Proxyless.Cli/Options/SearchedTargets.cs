using System.Globalization;
using Proxyless.Latency;
using Proxyless.Runs;

namespace Proxyless.Cli.Options;

/// <summary>
/// Converts <c>--target</c> and <c>--latency</c>, each possibly repeated, to the options of a search.
/// </summary>
internal static class SearchedTargets
{
    /// <summary>Pairs targets with their limits; missing values stay as they are in the options.</summary>
    /// <param name="options">The options so far.</param>
    /// <param name="targets">The targets as given, in order.</param>
    /// <param name="latencies">The limits as given: numbers, or TARGET=numbers, separated by commas.</param>
    /// <exception cref="InvalidInputException">
    /// A limit has no target, there are several targets and one has no limit, or a number is not valid.
    /// </exception>
    public static RunOptions Combine(RunOptions options, IReadOnlyList<string> targets, IReadOnlyList<string> latencies)
    {
        TargetLimit[] before =
        [
            .. options.Target.LatencyMs is { } own
                ? [new TargetLimit(options.Target.Name, own)]
                : Array.Empty<TargetLimit>(),
            .. TargetLimit.ParseAll(options.Target.AlsoFor),
        ];
        string[] known = [.. before.Select(limit => limit.Target).Prepend(options.Target.Name).Distinct()];

        // A file keeps its earlier name, however its path is spelled now.
        string Known(string name) => known.FirstOrDefault(other => RunPaths.IsSameTarget(other, name)) ?? name;
        string[] names = targets.Count > 0 ? [.. targets.Select(Known)] : known;
        if (names.Distinct().Count() < names.Length)
        {
            throw new InvalidInputException($"a target is given twice: {string.Join(", ", names)}");
        }

        List<TargetLimit> given = [.. latencies.SelectMany(text => Limits(text, names, Known))];
        TargetLimit[] LimitsOf(string name)
        {
            TargetLimit[] here = [.. given.Where(limit => limit.Target == name)];
            return here.Length > 0 ? here : Array.FindAll(before, limit => limit.Target == name);
        }

        if (names.Length > 1 && Array.Find(names, name => LimitsOf(name).Length == 0) is { } without)
        {
            throw new InvalidInputException($"--target '{without}' has no limit; add --latency {without}=MS");
        }

        TargetLimit[] limits = [.. names.SelectMany(LimitsOf)];
        if (
            (names.Length > 1 || limits.Length > 1)
            && Array.Find(names, name => name.Contains(',', StringComparison.Ordinal)) is { } comma
        )
        {
            throw new InvalidInputException(
                $"--target '{comma}': with several targets or limits none may have a comma in its name; keep it under "
                    + "another name with 'proxyless target add'"
            );
        }

        return options with
        {
            Target = options.Target with
            {
                Name = names[0],
                LatencyMs = limits.FirstOrDefault()?.LatencyMs,
                AlsoFor = TargetLimit.Join([.. limits.Skip(1)]),
            },
        };
    }

    private static IEnumerable<TargetLimit> Limits(string text, string[] names, Func<string, string> known)
    {
        // The name of a single target may contain commas and equals signs, such as the path of its file.
        bool isOneName = Array.Exists(names, name => text.StartsWith($"{name}=", StringComparison.Ordinal));
        string? target = null;
        int start = 0;
        if (isOneName)
        {
            target = names.First(name => text.StartsWith($"{name}=", StringComparison.Ordinal));
            start = target.Length + 1;
        }

        foreach (string piece in text[start..].Split(','))
        {
            int equals = piece.LastIndexOf('=');
            if (equals > 0)
            {
                target = known(piece[..equals]);
            }

            if (target is null && names.Length > 1)
            {
                throw new InvalidInputException(
                    $"--latency '{text}': there are {names.Length} targets; say whose limit it is, such as "
                        + $"{names[0]}={text}"
                );
            }

            string name = target ?? names[0];
            if (!names.Contains(name))
            {
                string plain = IntegerModels.Without(name);
                throw new InvalidInputException(
                    $"--latency '{text}': '{name}' is none of the targets ({string.Join(", ", names)})"
                        + (
                            names.Contains(plain)
                                ? $"; with --precision int8 every target is one for integers: write '{plain}=', or "
                                    + $"give --target {name} instead"
                                : ""
                        )
                );
            }

            yield return LimitOf(piece.AsSpan(equals + 1)) is { } limit
                ? new TargetLimit(name, limit)
                : throw new InvalidInputException(Refusal(text));
        }
    }

    /// <summary>Whether the text after the last name is one limit or several.</summary>
    /// <param name="text">The given text.</param>
    public static bool EndsInLimits(string text) =>
        text[(text.LastIndexOf('=') + 1)..].Split(',').All(number => LimitOf(number) is not null);

    /// <summary>The error for a text without limits.</summary>
    /// <param name="text">The given text.</param>
    public static string Refusal(string text) =>
        $"option '--latency' is '{text}'; allowed are {TargetOptions.Ranges[nameof(TargetOptions.LatencyMs)]}, several "
        + "of them separated by commas, or TARGET=NUMBER";

    private static double? LimitOf(ReadOnlySpan<char> number) =>
        double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double limit)
        && TargetOptions.Ranges[nameof(TargetOptions.LatencyMs)].Contains(limit)
            ? limit
            : null;
}
