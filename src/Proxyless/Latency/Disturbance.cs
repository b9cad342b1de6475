using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// How far other work on a machine disturbs a measurement: the median run over the quiet ones, minus 1. It is 0.01 on
/// an idle machine, and 0.1 and more where other work interrupts most runs.
/// </summary>
internal static class Disturbance
{
    /// <summary>Above it a table counts as disturbed.</summary>
    public const double Tolerable = 0.1;

    // A profile of an idle machine is off by 1 %, and so is one beside two busy processes on two cores.
    private const double TolerableError = 0.05;

    /// <summary>The disturbance of a model's runs.</summary>
    public static double Of(Timing timing) => (timing.MedianMs / timing.QuietMs) - 1;

    /// <summary>
    /// Whether a table that was measured inside whole networks is off by more than those of idle machines of its kind.
    /// </summary>
    public static bool IsLikely(LatencyTable table) =>
        table.Disturbance > Tolerable || table.Calibration.MeanAbsoluteError > TolerableError;

    /// <summary>The warning that a profile was disturbed, and the remedy.</summary>
    public static string Text(LatencyTable table) =>
        $"other work on this machine disturbed the profile "
        + Invariant(
            $"(predictions off by {table.Calibration.MeanAbsoluteError:P1} on average, the median run "
                + $"{table.Disturbance:P0} over a quiet one): repeat it when the machine is quiet"
        );

    /// <summary>What a user of an existing table has to know; null if nothing.</summary>
    /// <param name="table">The table.</param>
    /// <param name="remedy">How to have it measured again.</param>
    public static string? Complaint(LatencyTable table, string remedy)
    {
        string made = Invariant(
            $"the latency table of '{table.Space}' on {table.Target} from {table.Created:yyyy-MM-dd}"
        );
        return table.Disturbance > Tolerable
                ? $"{made} was made while other work disturbed the machine "
                    + Invariant($"(its median run lay {table.Disturbance:P0} over a quiet one)")
                    + $"; {remedy}"
            : table.Calibration.MeanAbsoluteError > TolerableError
                ? Invariant($"{made} is off by {table.Calibration.MeanAbsoluteError:P1} on average; ") + remedy
            : null;
    }
}
