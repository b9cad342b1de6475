using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>A derived architecture and its latency.</summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="PredictedMs">The table's latency, corrected by the measurements.</param>
/// <param name="MeasuredMs">The measured latency of the untrained network.</param>
/// <param name="IsMeasured">
/// False if the target has only a table; <paramref name="MeasuredMs"/> is then its sum.
/// </param>
internal sealed record MeasuredChoice(int[] Choice, double PredictedMs, double MeasuredMs, bool IsMeasured);

/// <summary>
/// Derives an architecture under a latency limit and measures it untrained, before hours are spent on its training. If
/// the measurement is over the limit, or under it while more probable paths were left out, the table is corrected by
/// the measured ratio and the architecture is derived again; if that changes nothing, the limit for the table is
/// tightened.
/// </summary>
/// <param name="space">The space.</param>
/// <param name="classes">Number of outputs of the classifier.</param>
/// <param name="goal">The target, the table of the space on it, and the limits.</param>
/// <param name="observer">Is told of measurements and warned.</param>
internal sealed class MeasuredDerivation(SearchSpace space, int classes, SearchGoal goal, IRunObserver observer)
{
    private const int Attempts = 12;
    private const double Near = 0.97;
    private const double Tighter = 0.995;

    // Two measurements of one network differ by about this much.
    private const double Tolerance = 1.02;

    /// <summary>Derives, measures and corrects.</summary>
    /// <param name="probabilities">p_ij at [i][j].</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="LimitNotMetException">
    /// Every derived network takes longer than the limit and the measurement tolerance.
    /// </exception>
    public MeasuredChoice Derive(IReadOnlyList<double[]> probabilities, CancellationToken cancellationToken)
    {
        SearchLimits limits = goal.Limits;
        CostLimit latency = goal.Latency;
        double limit = latency.Limit;
        var measured = new List<MeasuredChoice>();
        int[] free = ArchitectureDerivation.Derive(probabilities, limits.Others, cancellationToken);
        double correction = 1;
        double drawn = limit;
        while (measured.Count < Attempts)
        {
            SpaceCost cost = goal.Table.WithCorrection(correction).ToSpaceCost(space, classes);
            Maximum found = ArchitectureDerivation.Find(
                probabilities,
                [new CostLimit(cost, drawn), .. limits.Others],
                cancellationToken
            );
            int[]? choice = found.Choice;
            if (choice is null && measured.Count > 0)
            {
                break;
            }

            choice ??= ArchitectureDerivation.Derive(probabilities, limits.All, cancellationToken);
            if (measured.Find(one => one.Choice.SequenceEqual(choice)) is { } again)
            {
                if (measured.Exists(one => latency.Allows(one.MeasuredMs)))
                {
                    break;
                }

                drawn = Math.Min(drawn, cost.Of(again.Choice)) * Tighter;
                continue;
            }

            if (found.Gap > 0 && measured.Count == 0)
            {
                observer.Warning(
                    $"under these limits ({limits}) too many networks are nearly equal to find the most probable one; "
                        + Invariant($"it may be {Math.Exp(found.Gap):G3} times as probable as the one that is derived")
                );
            }

            MeasuredChoice candidate = Measure(choice, cost.Of(choice), cancellationToken);
            measured.Add(candidate);
            bool within = latency.Allows(candidate.MeasuredMs);
            string asMeasured = candidate.IsMeasured ? $"measured {MillisecondText.Of(candidate.MeasuredMs)} ms, " : "";
            observer.Message(
                $"derived: predicted {MillisecondText.Of(candidate.PredictedMs)} ms, {asMeasured}limit "
                    + $"{MillisecondText.Of(limit)} ms"
                    + (within ? "" : ": over, deriving again with the table corrected")
            );
            if (within && (choice.SequenceEqual(free) || candidate.MeasuredMs >= Near * limit))
            {
                break;
            }

            if (candidate.PredictedMs <= 0)
            {
                // Neither a ratio nor a tighter limit makes a sum of 0 smaller.
                break;
            }

            correction *= LatencyTable.CorrectionOf(candidate.MeasuredMs, candidate.PredictedMs);
        }

        MeasuredChoice best = measured.Aggregate((left, right) => Better(left, right, latency, probabilities));
        if (best.MeasuredMs > Tolerance * limit)
        {
            throw new LimitNotMetException(
                $"the fastest network that was derived takes {MillisecondText.AtLeast(best.MeasuredMs)} ms, over the "
                    + $"limit of {MillisecondText.Of(limit)} ms; the search is kept: derive at a higher limit with "
                    + "ProxylessRun.Derive"
            )
            {
                Quantity = latency.Cost.Quantity,
                Limit = limit,
                Least = best.MeasuredMs,
            };
        }

        if (!latency.Allows(best.MeasuredMs))
        {
            observer.Warning(
                $"the derived network takes {MillisecondText.Of(best.MeasuredMs)} ms, "
                    + Invariant($"{(best.MeasuredMs / limit) - 1:P1} over the limit of ")
                    + $"{MillisecondText.Of(limit)} ms, within what two measurements differ by"
            );
        }

        return best;
    }

    private static MeasuredChoice Better(
        MeasuredChoice left,
        MeasuredChoice right,
        CostLimit latency,
        IReadOnlyList<double[]> probabilities
    )
    {
        bool leftWithin = latency.Allows(left.MeasuredMs);
        bool rightWithin = latency.Allows(right.MeasuredMs);
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

    /// <summary>
    /// Measures a network, untrained. Networks are kept because their reading is within the limit, and of readings that
    /// are close to it the fast ones are within it by chance: such a network is measured again, and the slower reading
    /// counts.
    /// </summary>
    /// <param name="choice">A candidate for each block.</param>
    /// <param name="predicted">The table's prediction in milliseconds.</param>
    /// <param name="cancellationToken">Stops.</param>
    public MeasuredChoice Measure(int[] choice, double predicted, CancellationToken cancellationToken)
    {
        MeasuredChoice first = MeasureOnce(choice, predicted, cancellationToken);
        if (!first.IsMeasured || !goal.Latency.Allows(first.MeasuredMs) || first.MeasuredMs < Near * goal.LatencyMs)
        {
            return first;
        }

        MeasuredChoice second = MeasureOnce(choice, predicted, cancellationToken);
        return second.MeasuredMs > first.MeasuredMs ? second : first;
    }

    private MeasuredChoice MeasureOnce(int[] choice, double predicted, CancellationToken cancellationToken)
    {
        Architecture architecture = space.Architecture(choice, classes, "derived");
        var latency = NetworkLatency.Measure(
            goal.Target,
            architecture,
            NetworkExporter.Untrained(architecture),
            space,
            classes,
            goal.Table,
            cancellationToken
        );
        latency.WarnIfDisturbed(observer);
        return new MeasuredChoice(choice, predicted, latency.QuietMs, latency.IsMeasured);
    }
}
