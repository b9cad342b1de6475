using System.Globalization;

namespace Proxyless.Runs;

/// <summary>A further limit of a run, such as <c>cpu:2=0.5</c>: for a further target, or for the same one.</summary>
/// <param name="Target">The target's name or file.</param>
/// <param name="LatencyMs">The highest latency of one run there, in milliseconds.</param>
public sealed record TargetLimit(string Target, double LatencyMs)
{
    private const char Between = ',';

    /// <summary>Parses one limit.</summary>
    /// <param name="text">Such as <c>cpu:2=0.5</c>.</param>
    /// <exception cref="InvalidInputException">It is not a target with a limit.</exception>
    public static TargetLimit Parse(string text)
    {
        int equals = text.LastIndexOf('=');
        return
            equals > 0
            && double.TryParse(
                text.AsSpan(equals + 1),
                NumberStyles.Float,
                CultureInfo.InvariantCulture,
                out double limit
            )
            && TargetOptions.Ranges[nameof(TargetOptions.LatencyMs)].Contains(limit)
            ? new TargetLimit(text[..equals], limit)
            : throw new InvalidInputException(
                $"TargetOptions.AlsoFor = '{text}' is not a limit of a target; expected is one such as cpu:2=0.5, with "
                    + $"{TargetOptions.Ranges[nameof(TargetOptions.LatencyMs)]}"
            );
    }

    /// <summary>Parses several limits; null for none. In the form of <see cref="TargetOptions.AlsoFor"/>.</summary>
    /// <exception cref="InvalidInputException">One of them is not a target with a limit.</exception>
    public static IReadOnlyList<TargetLimit> ParseAll(string? text) =>
        text is null ? [] : [.. text.Split(Between).Select(Parse)];

    /// <summary>Returns several limits as one text.</summary>
    public static string? Join(IReadOnlyCollection<TargetLimit> limits) =>
        limits.Count == 0
            ? null
            : string.Join(
                Between,
                limits.Select(limit =>
                    string.Create(CultureInfo.InvariantCulture, $"{limit.Target}={limit.LatencyMs:R}")
                )
            );
}
