using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Search;
using Proxyless.Spaces;

namespace Proxyless;

/// <summary>A derived architecture and its latency.</summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="PredictedMs">The table's latency, corrected by what was measured.</param>
/// <param name="MeasuredMs">The measured latency of the untrained network.</param>
internal sealed record MeasuredChoice(int[] Choice, double PredictedMs, double MeasuredMs);

/// <summary>
/// Derives an architecture under a latency limit and measures it, untrained, before hours go into its training. Where the
/// measurement is over the limit, or under it with more probable paths left out, the table is corrected by the measured
/// ratio and the architecture derived again.
/// </summary>
internal sealed class MeasuredDerivation(SearchSpace space, int classes, LocalTarget target, IRunObserver observer)
{
    private const int Attempts = 5;
    private const double Near = 0.97;

    /// <summary>Derives, measures, corrects.</summary>
    /// <param name="probabilities">p_ij at [i][j].</param>
    /// <param name="limits">The first is that on latency.</param>
    /// <param name="table">The table of the space on the target.</param>
    /// <param name="cancellation">Stops.</param>
    public MeasuredChoice Derive(
        IReadOnlyList<double[]> probabilities, IReadOnlyList<CostLimit> limits, LatencyTable table, CancellationToken cancellation)
    {
        double limit = limits[0].Limit;
        var measured = new Dictionary<string, MeasuredChoice>();
        MeasuredChoice? best = null;
        int[] free = ArchitectureDerivation.Derive(probabilities, []);
        double correction = 1;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            SpaceCost cost = table.WithCorrection(correction).ToSpaceCost(space, classes);
            CostLimit[] corrected = [new CostLimit(cost, limit), .. limits.Skip(1)];
            int[]? choice = ArchitectureDerivation.TryDerive(probabilities, corrected);
            if (choice is null && best is not null)
            {
                break;
            }

            choice ??= ArchitectureDerivation.Derive(probabilities, corrected);
            string key = string.Join(",", choice);
            if (measured.ContainsKey(key))
            {
                break;
            }

            MeasuredChoice candidate = Measure(choice, cost.Of(choice), table, cancellation);
            measured.Add(key, candidate);
            best = Better(best, candidate, limit, probabilities);
            bool within = candidate.MeasuredMs <= limit;
            bool nothingLeftOut = choice.SequenceEqual(free);
            observer.Message(
                $"derived: predicted {candidate.PredictedMs:F3} ms, measured {candidate.MeasuredMs:F3} ms, limit {limit:F3} ms"
                + (within ? "" : ": over, deriving again with the table corrected"));
            if (within && (nothingLeftOut || candidate.MeasuredMs >= Near * limit))
            {
                break;
            }

            correction *= candidate.MeasuredMs / candidate.PredictedMs;
        }

        if (best!.MeasuredMs > limit)
        {
            observer.Warning($"the derived network takes {best.MeasuredMs:F3} ms, over the limit of {limit:F3} ms, whatever was derived; measure with --thorough or raise the limit");
        }

        return best;
    }

    private static MeasuredChoice Better(MeasuredChoice? left, MeasuredChoice right, double limit, IReadOnlyList<double[]> probabilities)
    {
        if (left is null)
        {
            return right;
        }

        bool leftWithin = left.MeasuredMs <= limit;
        bool rightWithin = right.MeasuredMs <= limit;
        if (leftWithin != rightWithin)
        {
            return leftWithin ? left : right;
        }

        bool rightWins = leftWithin
            ? LogProbability(right.Choice, probabilities) > LogProbability(left.Choice, probabilities)
            : right.MeasuredMs < left.MeasuredMs;
        return rightWins ? right : left;
    }

    private static double LogProbability(int[] choice, IReadOnlyList<double[]> probabilities) =>
        choice.Select((candidate, i) => Math.Log(probabilities[i][candidate])).Sum();

    private MeasuredChoice Measure(int[] choice, double predicted, LatencyTable table, CancellationToken cancellation)
    {
        Architecture architecture = space.Architecture(choice, classes, "derived");
        NetworkLatency latency = NetworkLatency.Measure(
            NetworkExporter.Untrained(architecture), space, classes, table, target, TimingOptions.Thorough, cancellation);
        return new MeasuredChoice(choice, predicted, latency.Milliseconds);
    }
}
