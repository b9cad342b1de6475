using Proxyless.Latency;

namespace Proxyless.Runs;

/// <summary>The result of a part: a value, or the reason why there is none.</summary>
/// <param name="Part">The part.</param>
/// <param name="Value">The value; null if there is none.</param>
/// <param name="Failure">Its failure, or null.</param>
internal sealed record PartResult<T>(SearchPart Part, T? Value, ProxylessException? Failure)
    where T : class;

/// <summary>Does work for parts one after another; a part that fails does not stop the others.</summary>
internal static class PartResults
{
    /// <summary>Does the work for each part.</summary>
    /// <param name="parts">The parts.</param>
    /// <param name="work">The work.</param>
    public static IReadOnlyList<PartResult<T>> Each<T>(IReadOnlyList<SearchPart> parts, Func<SearchPart, T> work)
        where T : class => [.. parts.Select(part => Of(part, () => work(part)))];

    /// <summary>Continues with the parts that have not failed.</summary>
    /// <param name="before">Their results so far.</param>
    /// <param name="work">The work.</param>
    public static IReadOnlyList<PartResult<TNext>> Then<T, TNext>(
        this IReadOnlyList<PartResult<T>> before,
        Func<SearchPart, T, TNext> work
    )
        where T : class
        where TNext : class =>
        [
            .. before.Select(result =>
                result.Value is { } value
                    ? Of(result.Part, () => work(result.Part, value))
                    : new PartResult<TNext>(result.Part, null, result.Failure)
            ),
        ];

    /// <summary>
    /// Continues with the parts that have not failed, each target's tighter limits before its wider ones; the results
    /// keep their order.
    /// </summary>
    /// <param name="before">Their results so far.</param>
    /// <param name="work">
    /// The work, with the result for the next tighter limit of the same target that has not failed; null for none.
    /// </param>
    public static IReadOnlyList<PartResult<TNext>> ThenFromTightest<T, TNext>(
        this IReadOnlyList<PartResult<T>> before,
        Func<SearchPart, T, TNext?, TNext> work
    )
        where T : class
        where TNext : class
    {
        ArgumentNullException.ThrowIfNull(before);
        var results = new PartResult<TNext>[before.Count];
        IEnumerable<IGrouping<ITarget, int>> targets = Enumerable
            .Range(0, before.Count)
            .GroupBy(i => before[i].Part.Goal.Target);
        foreach (IGrouping<ITarget, int> target in targets)
        {
            TNext? tighter = null;
            foreach (int i in target.OrderBy(index => before[index].Part.Goal.LatencyMs))
            {
                (SearchPart part, T? value, ProxylessException? failure) = before[i];
                results[i] = value is null
                    ? new PartResult<TNext>(part, null, failure)
                    : Of(part, () => work(part, value, tighter));
                tighter = results[i].Value ?? tighter;
            }
        }

        return results;
    }

    private static PartResult<T> Of<T>(SearchPart part, Func<T> work)
        where T : class
    {
        try
        {
            return new PartResult<T>(part, work(), null);
        }
        catch (ProxylessException exception) when (exception is not RunFailedException)
        {
            return new PartResult<T>(part, null, exception);
        }
    }
}
