using System.Globalization;

namespace Proxyless.Cli.Options;

/// <summary>From <c>--target</c> and <c>--latency</c>, each perhaps several times, to the options of a search.</summary>
internal static class SearchedTargets
{
    /// <summary>Pairs targets with their limits.</summary>
    /// <param name="options">The options so far.</param>
    /// <param name="targets">The targets as given, in order; none: that of the options.</param>
    /// <param name="latencies">The limits as given: a number, or TARGET=number.</param>
    /// <exception cref="InvalidInputException">A limit has no target, a target no limit where there are several, or a number is none.</exception>
    public static RunOptions Combine(RunOptions options, IReadOnlyList<string> targets, IReadOnlyList<string> latencies)
    {
        IReadOnlyList<string> names = targets.Count > 0 ? targets : [options.Target];
        if (names.Distinct().Count() < names.Count)
        {
            throw new InvalidInputException($"a target is given twice: {string.Join(", ", names)}");
        }

        var limits = new Dictionary<string, double>();
        foreach (string text in latencies)
        {
            int equals = text.LastIndexOf('=');
            string name = equals > 0 ? text[..equals] : names[0];
            if (equals <= 0 && names.Count > 1)
            {
                throw new InvalidInputException($"--latency '{text}': there are {names.Count} targets; say whose limit it is, such as {names[0]}={text}");
            }

            if (!names.Contains(name))
            {
                throw new InvalidInputException($"--latency '{text}': '{name}' is none of the targets ({string.Join(", ", names)})");
            }

            limits[name] = double.TryParse(text.AsSpan(equals + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double limit) && double.IsFinite(limit)
                ? limit
                : throw new InvalidInputException($"option '--latency' is '{text}'; allowed are numbers such as 0.5, or TARGET=NUMBER");
        }

        if (names.Count > 1 && names.FirstOrDefault(name => !limits.ContainsKey(name)) is { } without)
        {
            throw new InvalidInputException($"--target '{without}' has no limit; add --latency {without}=MS");
        }

        return options with
        {
            Target = names[0],
            LatencyMs = limits.TryGetValue(names[0], out double first) ? first : options.LatencyMs,
            AlsoFor = names.Count == 1 ? null : string.Join(',', names.Skip(1).Select(name => string.Create(CultureInfo.InvariantCulture, $"{name}={limits[name]:R}"))),
        };
    }
}
