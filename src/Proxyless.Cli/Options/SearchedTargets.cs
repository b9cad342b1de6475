using System.Globalization;
using Proxyless.Runs;

namespace Proxyless.Cli.Options;

/// <summary>
/// From <c>--target</c> and <c>--latency</c>, each perhaps several times, to the options of a search.
/// </summary>
internal static class SearchedTargets
{
    /// <summary>Pairs targets with their limits; what is not given stays as it is in the options.</summary>
    /// <param name="options">The options so far.</param>
    /// <param name="targets">The targets as given, in order.</param>
    /// <param name="latencies">The limits as given: a number, or TARGET=number.</param>
    /// <exception cref="InvalidInputException">
    /// A limit has no target, a target no limit where there are several, or a number is none.
    /// </exception>
    public static RunOptions Combine(RunOptions options, IReadOnlyList<string> targets, IReadOnlyList<string> latencies)
    {
        IReadOnlyList<TargetLimit> before = TargetLimit.ParseAll(options.AlsoFor);
        string[] known = [options.Target, .. before.Select(other => other.Target)];

        // A file is named as it was before, however its path is spelled now.
        string Known(string name) => known.FirstOrDefault(other => RunPaths.IsSameTarget(other, name)) ?? name;
        string[] names = targets.Count > 0 ? [.. targets.Select(Known)] : known;
        if (names.Distinct().Count() < names.Length)
        {
            throw new InvalidInputException($"a target is given twice: {string.Join(", ", names)}");
        }

        if (names.Length > 1 && names.FirstOrDefault(name => name.Contains(',', StringComparison.Ordinal)) is { } comma)
        {
            throw new InvalidInputException(
                $"--target '{comma}': with several targets none may have a comma in its name; keep it under another "
                    + $"by 'proxyless target add'"
            );
        }

        Dictionary<string, double> limits = before
            .Where(other => names.Contains(other.Target))
            .ToDictionary(other => other.Target, other => other.LatencyMs);
        if (options.LatencyMs is { } first && names[0] == options.Target)
        {
            limits[names[0]] = first;
        }

        foreach (string text in latencies)
        {
            (string name, double limit) = Limit(text, names, Known);
            limits[name] = limit;
        }

        if (names.Length > 1 && names.FirstOrDefault(name => !limits.ContainsKey(name)) is { } without)
        {
            throw new InvalidInputException($"--target '{without}' has no limit; add --latency {without}=MS");
        }

        return options with
        {
            Target = names[0],
            LatencyMs = limits.TryGetValue(names[0], out double own) ? own : null,
            AlsoFor = TargetLimit.Join([.. names.Skip(1).Select(name => new TargetLimit(name, limits[name]))]),
        };
    }

    private static (string Target, double Limit) Limit(string text, string[] names, Func<string, string> known)
    {
        int equals = text.LastIndexOf('=');
        string name = equals > 0 ? known(text[..equals]) : names[0];
        if (equals <= 0 && names.Length > 1)
        {
            throw new InvalidInputException(
                $"--latency '{text}': there are {names.Length} targets; say whose limit it is, such as "
                    + $"{names[0]}={text}"
            );
        }

        if (!names.Contains(name))
        {
            throw new InvalidInputException(
                $"--latency '{text}': '{name}' is none of the targets ({string.Join(", ", names)})"
            );
        }

        return
            double.TryParse(text.AsSpan(equals + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double limit)
            && RunOptions.Ranges[nameof(RunOptions.LatencyMs)].Contains(limit)
            ? (name, limit)
            : throw new InvalidInputException(
                $"option '--latency' is '{text}'; allowed are {RunOptions.Ranges[nameof(RunOptions.LatencyMs)]}, or "
                    + $"TARGET=NUMBER"
            );
    }
}
