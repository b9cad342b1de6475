using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// The best networks by estimate that are measured within a limit. Measurements differ from the table by a few percent,
/// and not for all networks alike: if most are over the limit, or far below it, the table's limit has to be another.
/// </summary>
/// <param name="limit">The limit of the measured latencies.</param>
/// <param name="count">Number of networks to find.</param>
/// <param name="predict">The table's latency of a network.</param>
/// <param name="measure">Measures a network.</param>
internal sealed class MeasuredFinalists(
    CostLimit limit,
    int count,
    Func<int[], double> predict,
    Func<int[], MeasuredChoice> measure
)
{
    // About half of the best are within the limit if the table is right in the mean.
    private const int MostOver = 12;

    // Below it, networks that the limit allows were not proposed.
    private const double Near = 0.97;

    private readonly Dictionary<int[], MeasuredChoice> _measured = new(ChoiceComparer.Instance);

    /// <summary>Returns the first networks that are measured within the limit.</summary>
    /// <param name="ranked">The networks, the best first.</param>
    /// <param name="over">Is told of each that is measured over the limit.</param>
    public IReadOnlyList<MeasuredChoice> Of(IReadOnlyList<RankedNetwork> ranked, Action<MeasuredChoice> over)
    {
        ArgumentNullException.ThrowIfNull(ranked);
        ArgumentNullException.ThrowIfNull(over);
        var within = new List<MeasuredChoice>();
        int beyond = 0;
        foreach (RankedNetwork candidate in ranked)
        {
            if (within.Count == count)
            {
                break;
            }

            if (!_measured.TryGetValue(candidate.Choice, out MeasuredChoice? measured))
            {
                if (beyond == MostOver)
                {
                    // Those that are measured already cost nothing more.
                    continue;
                }

                measured = measure(candidate.Choice);
                _measured.Add(candidate.Choice, measured);
                if (!IsWithin(measured))
                {
                    beyond++;
                    over(measured);
                }
            }

            if (IsWithin(measured))
            {
                within.Add(measured);
            }
        }

        return within;
    }

    /// <summary>
    /// The table's latency that is measured as the limit, by the median network; null if networks at the limit were
    /// found.
    /// </summary>
    public double? OtherLimit
    {
        get
        {
            MeasuredChoice[] measured = [.. _measured.Values.Where(one => one.IsMeasured && predict(one.Choice) > 0)];
            if (measured.Length == 0)
            {
                return null;
            }

            double ratio = SampleStatistics.Median(
                measured.Select(one => LatencyTable.CorrectionOf(one.MeasuredMs, predict(one.Choice)))
            );
            MeasuredChoice[] within = [.. measured.Where(IsWithin)];
            bool isTooHigh = within.Length < count && ratio > 1;
            bool isTooLow = ratio < Near && within.All(one => one.MeasuredMs < Near * limit.Limit);
            return isTooHigh || isTooLow ? limit.Limit / ratio : null;
        }
    }

    private bool IsWithin(MeasuredChoice measured) => limit.Allows(measured.MeasuredMs);
}
