using Proxyless.Search;

namespace Proxyless.FineTuning;

/// <summary>
/// Chooses the network within limits that loses least of what a pretrained network computes. Errors of single blocks do
/// not add up, so the way to the limits is made in several rounds: each finds the choice with the smallest sum exactly,
/// a part of the way further, and measures all errors anew beside it. At the limits blocks are exchanged as long as the
/// error of the whole network becomes smaller (docs/decisions/specialization.md).
/// </summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="Errors">
/// At [i][j] the error with block i's candidate j instead, and a penalty for another candidate than the chosen one: the
/// choice has the smallest sum within the limits.
/// </param>
internal sealed record GradualChoice(int[] Choice, IReadOnlyList<double[]> Errors)
{
    /// <summary>The most times that all errors are measured.</summary>
    public const int MostSteps = Rounds + Exchanges + 1;

    private const int Rounds = 6;
    private const int Exchanges = 5;
    private const double FirstPenalty = 1e-3;

    // Errors beyond are those of networks that compute nothing.
    private const double LargestPenalty = 1e6;

    // What a change of a block must gain by its own error: a sum of many small gains is less certain.
    private static readonly double[] Penalties = [0, 0.002, 0.005, 0.01, 0.02];

    /// <summary>Chooses.</summary>
    /// <param name="spanned">The candidates.</param>
    /// <param name="limits">The limits; at least one network of the space is within them.</param>
    /// <param name="done">Called after each step with the number of those that are done.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static GradualChoice Find(
        SpannedNetwork spanned,
        IReadOnlyList<CostLimit> limits,
        Action<int> done,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(spanned);
        ArgumentNullException.ThrowIfNull(limits);
        int step = 0;
        IReadOnlyList<double[]> Errors(int[] choice)
        {
            IReadOnlyList<double[]> errors = spanned.ErrorsBeside(choice, cancellationToken);
            done(++step);
            return errors;
        }

        int[] choice = new int[spanned.Super.Blocks.Count];
        if (!AreWithin(choice, limits))
        {
            choice = Descend(choice, limits, Errors, cancellationToken);
        }

        double error = spanned.ErrorOf(choice);
        IReadOnlyList<double[]> errors = Errors(choice);
        for (int i = 0; i < Exchanges; i++)
        {
            (int[] better, double less) = Exchange(spanned, choice, error, errors, limits, cancellationToken);
            if (less >= error)
            {
                break;
            }

            (choice, error) = (better, less);
            errors = Errors(choice);
        }

        return new GradualChoice(choice, Held(choice, errors, limits, cancellationToken));
    }

    private static int[] Descend(
        int[] whole,
        IReadOnlyList<CostLimit> limits,
        Func<int[], IReadOnlyList<double[]>> errorsBeside,
        CancellationToken cancellationToken
    )
    {
        int[] choice = whole;
        for (int round = 1; round <= Rounds; round++)
        {
            double share = (double)round / Rounds;
            CostLimit[] partly =
            [
                .. limits.Select(limit =>
                {
                    double from = Math.Max(limit.Cost.Of(whole), limit.Limit);
                    return new CostLimit(limit.Cost, from + (share * (limit.Limit - from)));
                }),
            ];

            // In the last round there is one.
            choice = Least(errorsBeside(choice), partly, cancellationToken) ?? choice;
        }

        return choice;
    }

    private static (int[] Choice, double Error) Exchange(
        SpannedNetwork spanned,
        int[] choice,
        double error,
        IReadOnlyList<double[]> errors,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    ) =>
        Penalties
            .Select(penalty => Least(Penalized(choice, errors, penalty), limits, cancellationToken) ?? choice)
            .DistinctBy(other => string.Join(' ', other))
            .Select(other => (Choice: other, Error: other.SequenceEqual(choice) ? error : spanned.ErrorOf(other)))
            .MinBy(other => other.Error);

    /// <summary>The errors with the smallest penalty with which the choice has the smallest sum.</summary>
    private static IReadOnlyList<double[]> Held(
        int[] choice,
        IReadOnlyList<double[]> errors,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<double[]> held = errors;
        for (
            double penalty = FirstPenalty;
            penalty < LargestPenalty
                && Least(held, limits, cancellationToken) is { } least
                && !least.SequenceEqual(choice);
            penalty *= 2
        )
        {
            held = Penalized(choice, errors, penalty);
        }

        return held;
    }

    private static IReadOnlyList<double[]> Penalized(int[] choice, IReadOnlyList<double[]> errors, double penalty) =>
        [
            .. errors.Select(
                (block, i) => block.Select((error, j) => j == choice[i] ? error : error + penalty).ToArray()
            ),
        ];

    private static int[]? Least(
        IReadOnlyList<double[]> errors,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    ) =>
        ArchitectureDerivation.TryMaximize(
            [.. errors.Select(block => block.Select(error => -error).ToArray())],
            limits,
            cancellationToken
        );

    private static bool AreWithin(int[] choice, IReadOnlyList<CostLimit> limits) =>
        limits.All(limit => limit.Allows(choice));
}
