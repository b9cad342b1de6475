namespace Proxyless.Search;

/// <summary>
/// Predicts a network's score from its candidates: score = intercept + sum_i effect_i,choice(i) + residual; an effect
/// is the sum of the weights of the candidate's features (<see cref="CandidateFeatures"/>). Bayesian ridge regression:
/// weights are normal with mean 0 and one variance, residuals with another, the intercept is flat. The ratio of the two
/// variances has maximum evidence (MacKay, Neural Computation 4, 1992), with the weights, the intercept and the
/// residuals' variance integrated or maximized in closed form; for a flat intercept it is restricted maximum likelihood
/// (Patterson and Thompson, Biometrika 58, 1971).
/// </summary>
/// <remarks>
/// Residuals are the part of the score that is not a sum: interactions of blocks, and noise. With few scores, effects
/// stay near 0 instead of fitting the noise, and a candidate that no network has stays at 0 with the full variance.
/// </remarks>
internal sealed class AdditivePredictor
{
    // Residuals' variance over weights' variance, half a decade apart: the likelihood is flat between them.
    internal static readonly double[] Ratios = [.. Enumerable.Range(-4, 11).Select(step => Math.Pow(10, step / 2.0))];

    private readonly CandidateFeatures _features;
    private readonly double _intercept;
    private readonly Solution _solution;

    private AdditivePredictor(CandidateFeatures features, double intercept, Solution solution)
    {
        _features = features;
        _intercept = intercept;
        _solution = solution;
        Effects = OfCandidates(solution.Weights);
        ResidualVariance = solution.ResidualVariance;
        Ratio = solution.Ratio;
    }

    /// <summary>The effects' posterior mean at [i][j]; 0 for a candidate that no network has.</summary>
    public IReadOnlyList<double[]> Effects { get; }

    /// <summary>The variance of what effects do not explain.</summary>
    public double ResidualVariance { get; }

    /// <summary>Residuals' variance over weights' variance.</summary>
    internal double Ratio { get; }

    /// <summary>Fits the effects.</summary>
    /// <param name="features">The common features of candidates.</param>
    /// <param name="networks">One or more networks with finite scores.</param>
    public static AdditivePredictor Fit(CandidateFeatures features, IReadOnlyList<ScoredNetwork> networks)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(networks);
        ArgumentOutOfRangeException.ThrowIfZero(networks.Count);
        double mean = networks.Average(network => network.Score);
        var shares = new double[features.Count];
        var products = new double[features.Count];
        double[][] counts = [.. Enumerable.Range(0, features.Count).Select(k => new double[k + 1])];
        double squares = 0;
        foreach (ScoredNetwork network in networks)
        {
            double centered = network.Score - mean;
            squares += centered * centered;
            int[] present = [.. network.Choice.SelectMany((j, i) => features.Of(i, j))];
            foreach (int k in present)
            {
                shares[k] += 1.0 / networks.Count;
                products[k] += centered;
                foreach (int l in present)
                {
                    if (l <= k)
                    {
                        counts[k][l]++;
                    }
                }
            }
        }

        // Columns minus their means: the flat intercept is integrated out.
        for (int k = 0; k < features.Count; k++)
        {
            for (int l = 0; l <= k; l++)
            {
                counts[k][l] -= networks.Count * shares[k] * shares[l];
            }
        }

        Solution best = Ratios
            .Select(ratio => Solve(counts, products, squares, networks.Count - 1, ratio))
            .MaxBy(solution => solution.TwiceEvidence)!;
        return new AdditivePredictor(
            features,
            mean - best.Weights.Zip(shares, (weight, share) => weight * share).Sum(),
            best
        );
    }

    /// <summary>Returns the expected score of a network, its posterior mean.</summary>
    /// <param name="choice">A candidate for each block.</param>
    public double Of(IReadOnlyList<int> choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return _intercept + Effects.Select((block, i) => block[choice[i]]).Sum();
    }

    /// <summary>
    /// Returns the expected score of a network that the predictor was fitted on, including its own score: the posterior
    /// mean if residuals are the sum of interactions, which belong to the network, and of noise, which does not.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="interactionShare">The interactions' share of the residuals' variance, 0..1.</param>
    public double EstimateOf(ScoredNetwork network, double interactionShare)
    {
        ArgumentNullException.ThrowIfNull(network);
        double predicted = Of(network.Choice);
        return predicted + (interactionShare * (network.Score - predicted));
    }

    /// <summary>
    /// Draws a sample of the effects' posterior: the network that is best for the sample is proposed with the
    /// probability that it is the best one (Thompson, Biometrika 25, 1933).
    /// </summary>
    /// <param name="random">Draws it.</param>
    /// <returns>Effects at [i][j].</returns>
    public double[][] Draw(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        double deviation = Math.Sqrt(ResidualVariance);
        double[] around = _solution.Precision.SolveTransposed([
            .. _solution.Weights.Select(_ => deviation * Normal(random)),
        ]);
        return OfCandidates([.. _solution.Weights.Zip(around, (center, offset) => center + offset)]);
    }

    private static Solution Solve(double[][] counts, double[] products, double squares, int degrees, double ratio)
    {
        CholeskyFactor precision = new([
            .. counts.Select(row =>
            {
                double[] shifted = [.. row];
                shifted[^1] += ratio;
                return shifted;
            }),
        ]);
        double[] weights = precision.Solve(products);
        double explained = weights.Zip(products, (weight, product) => weight * product).Sum();

        // If all scores are equal, their variance is 0 and has no logarithm.
        double variance = Math.Max((squares - explained) / Math.Max(1, degrees), 1e-12 * squares);
        double evidence =
            -(degrees * Math.Log(Math.Max(variance, double.Epsilon)))
            - precision.LogDeterminant
            + (weights.Length * Math.Log(ratio));
        return new Solution(weights, precision, variance, ratio, evidence);
    }

    /// <summary>The effect of a candidate, at [i][j]: the sum of the weights of its features.</summary>
    private double[][] OfCandidates(double[] weights) =>
        [
            .. _features.Candidates.Select(
                (candidates, i) =>
                    Enumerable
                        .Range(0, candidates)
                        .Select(j => _features.Of(i, j).Sum(feature => weights[feature]))
                        .ToArray()
            ),
        ];

    /// <summary>Draws a standard normal number (Box and Muller, Annals of Mathematical Statistics 29, 1958).</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private sealed record Solution(
        double[] Weights,
        CholeskyFactor Precision,
        double ResidualVariance,
        double Ratio,
        double TwiceEvidence
    );
}
