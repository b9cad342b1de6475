namespace Proxyless.Search;

/// <summary>
/// Predicts a network's score from its candidates: score = intercept + sum_i effect_i,choice(i) + residual. Bayesian
/// ridge regression: effects are normal with mean 0 and one variance, residuals with another, the intercept is flat.
/// The ratio of the two variances is that of most evidence (MacKay, Neural Computation 4, 1992), with the effects, the
/// intercept and the residuals' variance integrated or maximized in closed form; for a flat intercept it is restricted
/// maximum likelihood (Patterson and Thompson, Biometrika 58, 1971).
/// </summary>
/// <remarks>
/// Residuals are what the score is beside a sum: interactions of blocks, and noise. Few scores leave effects near 0
/// instead of fitting the noise, and a candidate that no network has stays at 0 with the whole variance.
/// </remarks>
internal sealed class AdditivePredictor
{
    // Residuals' variance over effects' variance, half a decade apart: the likelihood is flat between them.
    internal static readonly double[] Ratios = [.. Enumerable.Range(-4, 11).Select(step => Math.Pow(10, step / 2.0))];

    private readonly double _intercept;
    private readonly CholeskyFactor _precision;

    private AdditivePredictor(double intercept, double[][] effects, Solution solution)
    {
        _intercept = intercept;
        _precision = solution.Precision;
        Effects = effects;
        ResidualVariance = solution.ResidualVariance;
        Ratio = solution.Ratio;
    }

    /// <summary>The effects' posterior mean at [i][j]; 0 for a candidate that no network has.</summary>
    public IReadOnlyList<double[]> Effects { get; }

    /// <summary>The variance of what effects do not explain.</summary>
    public double ResidualVariance { get; }

    /// <summary>Residuals' variance over effects' variance.</summary>
    internal double Ratio { get; }

    /// <summary>Fits the effects.</summary>
    /// <param name="candidates">Number of candidates of each block.</param>
    /// <param name="networks">One or more networks with finite scores.</param>
    public static AdditivePredictor Fit(IReadOnlyList<int> candidates, IReadOnlyList<ScoredNetwork> networks)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(networks);
        ArgumentOutOfRangeException.ThrowIfZero(networks.Count);
        int[] first = new int[candidates.Count + 1];
        for (int i = 0; i < candidates.Count; i++)
        {
            first[i + 1] = first[i] + candidates[i];
        }

        int effects = first[^1];
        double mean = networks.Average(network => network.Score);
        var shares = new double[effects];
        var products = new double[effects];
        double[][] counts = [.. Enumerable.Range(0, effects).Select(k => new double[k + 1])];
        double squares = 0;
        foreach (ScoredNetwork network in networks)
        {
            double centered = network.Score - mean;
            squares += centered * centered;
            for (int i = 0; i < candidates.Count; i++)
            {
                int k = first[i] + network.Choice[i];
                shares[k] += 1.0 / networks.Count;
                products[k] += centered;
                for (int before = 0; before <= i; before++)
                {
                    counts[k][first[before] + network.Choice[before]]++;
                }
            }
        }

        // Columns less their means: the flat intercept is integrated out.
        for (int k = 0; k < effects; k++)
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
            mean - best.Effects.Zip(shares, (effect, share) => effect * share).Sum(),
            Split(best.Effects, candidates),
            best
        );
    }

    /// <summary>The score that is expected of a network, its posterior mean.</summary>
    /// <param name="choice">A candidate for each block.</param>
    public double Of(IReadOnlyList<int> choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return _intercept + Effects.Select((block, i) => block[choice[i]]).Sum();
    }

    /// <summary>
    /// What is expected of a network that the predictor was fitted on, its own score included: the posterior mean
    /// where residuals are sums of interactions, which are the network's own, and of noise, which is not.
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
    /// A sample of the effects' posterior: the network that is best for it is proposed as often as it is the best one
    /// (Thompson, Biometrika 25, 1933).
    /// </summary>
    /// <param name="random">Draws it.</param>
    /// <returns>Effects at [i][j].</returns>
    public double[][] Draw(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        double deviation = Math.Sqrt(ResidualVariance);
        double[] mean = [.. Effects.SelectMany(block => block)];
        double[] around = _precision.SolveTransposed([.. mean.Select(_ => deviation * Normal(random))]);
        return Split(
            [.. mean.Zip(around, (center, offset) => center + offset)],
            [.. Effects.Select(block => block.Length)]
        );
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
        double[] effects = precision.Solve(products);
        double explained = effects.Zip(products, (effect, product) => effect * product).Sum();

        // Scores that are all the same have no variance, and no logarithm of one.
        double variance = Math.Max((squares - explained) / Math.Max(1, degrees), 1e-12 * squares);
        double evidence =
            -(degrees * Math.Log(Math.Max(variance, double.Epsilon)))
            - precision.LogDeterminant
            + (effects.Length * Math.Log(ratio));
        return new Solution(effects, precision, variance, ratio, evidence);
    }

    private static double[][] Split(double[] effects, IReadOnlyList<int> candidates)
    {
        var blocks = new double[candidates.Count][];
        int first = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = effects[first..(first + candidates[i])];
            first += candidates[i];
        }

        return blocks;
    }

    /// <summary>A standard normal number (Box and Muller, Annals of Mathematical Statistics 29, 1958).</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private sealed record Solution(
        double[] Effects,
        CholeskyFactor Precision,
        double ResidualVariance,
        double Ratio,
        double TwiceEvidence
    );
}
