using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class AdditivePredictorTests
{
    private static readonly int[] Candidates = [3, 2, 4];

    [Fact]
    public void Effects_are_those_of_ridge_regression_with_a_free_intercept()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            ScoredNetwork[] networks = Networks(seed, 3 + (5 * (seed % 4)), noise: 0.5);
            AdditivePredictor predictor = AdditivePredictor.Fit(CandidateFeatures.OneForEach(Candidates), networks);

            // The gradient of sum (y - b - x w)^2 + ratio |w|^2 is 0 in w and in b.
            double[] errors = [.. networks.Select(network => network.Score - predictor.Of(network.Choice))];
            Assert.Equal(0, errors.Sum(), 1e-9);
            for (int i = 0; i < Candidates.Length; i++)
            {
                for (int j = 0; j < Candidates[i]; j++)
                {
                    double pull = errors.Where((_, n) => networks[n].Choice[i] == j).Sum();
                    Assert.Equal(predictor.Ratio * predictor.Effects[i][j], pull, 1e-9);
                }
            }
        }
    }

    [Fact]
    public void The_ratio_of_variances_is_that_of_most_restricted_likelihood()
    {
        var chosen = new HashSet<double>();
        for (int seed = 0; seed < 20; seed++)
        {
            ScoredNetwork[] networks = Networks(seed, 12, noise: 0.1 * seed);
            double best = AdditivePredictor.Ratios.MaxBy(ratio => RestrictedLikelihood(networks, ratio));
            AdditivePredictor predictor = AdditivePredictor.Fit(CandidateFeatures.OneForEach(Candidates), networks);
            Assert.Equal(best, predictor.Ratio);
            chosen.Add(best);
        }

        Assert.True(chosen.Count >= 3, $"{chosen.Count} ratios: the test shows little");
    }

    [Fact]
    public void Planted_effects_are_recovered()
    {
        double[][] planted = Planted(seed: 5);
        AdditivePredictor predictor = AdditivePredictor.Fit(
            CandidateFeatures.OneForEach(Candidates),
            Networks(5, 200, noise: 0.1)
        );
        for (int i = 0; i < Candidates.Length; i++)
        {
            for (int j = 1; j < Candidates[i]; j++)
            {
                Assert.Equal(
                    planted[i][j] - planted[i][0],
                    predictor.Effects[i][j] - predictor.Effects[i][0],
                    5 * 0.1 / Math.Sqrt(25)
                );
            }
        }

        Assert.Equal(0.01, predictor.ResidualVariance, 0.004);
    }

    [Fact]
    public void Noise_is_not_taken_for_effects()
    {
        var random = new Random(2);
        ScoredNetwork[] noise =
        [
            .. Networks(3, 30, noise: 0).Select(network => network with { Score = Normal(random) }),
        ];
        AdditivePredictor predictor = AdditivePredictor.Fit(CandidateFeatures.OneForEach(Candidates), noise);
        Assert.All(predictor.Effects.SelectMany(block => block), effect => Assert.Equal(0, effect, 0.2));
        Assert.InRange(predictor.ResidualVariance, 0.5, 1.5);
    }

    [Fact]
    public void A_candidate_without_scores_stays_at_the_prior()
    {
        ScoredNetwork[] networks = [.. Networks(4, 60, noise: 0.2).Where(network => network.Choice[2] != 3)];
        AdditivePredictor predictor = AdditivePredictor.Fit(CandidateFeatures.OneForEach(Candidates), networks);
        Assert.Equal(0, predictor.Effects[2][3], 1e-12);
        var random = new Random(6);
        double[] draws = [.. Enumerable.Range(0, 4000).Select(_ => predictor.Draw(random)[2][3])];
        Assert.Equal(1, draws.Average(x => x * x) / (predictor.ResidualVariance / predictor.Ratio), 0.1);
    }

    [Fact]
    public void Draws_have_the_mean_and_covariance_of_the_posterior()
    {
        ScoredNetwork[] networks = Networks(7, 15, noise: 0.5);
        AdditivePredictor predictor = AdditivePredictor.Fit(CandidateFeatures.OneForEach(Candidates), networks);
        var random = new Random(8);
        const int Count = 20_000;
        double[][] draws =
        [
            .. Enumerable.Range(0, Count).Select(_ => predictor.Draw(random).SelectMany(block => block).ToArray()),
        ];
        double[] mean = [.. predictor.Effects.SelectMany(block => block)];
        double[,] inverse = Inverse(Precision(networks, predictor.Ratio));
        for (int k = 0; k < mean.Length; k++)
        {
            double deviation = Math.Sqrt(predictor.ResidualVariance * inverse[k, k]);
            Assert.Equal(mean[k], draws.Average(draw => draw[k]), 4 * deviation / Math.Sqrt(Count));
            for (int l = 0; l < mean.Length; l++)
            {
                double scale = predictor.ResidualVariance * Math.Sqrt(inverse[k, k] * inverse[l, l]);
                double covariance = draws.Average(draw => (draw[k] - mean[k]) * (draw[l] - mean[l]));
                Assert.Equal(predictor.ResidualVariance * inverse[k, l], covariance, 0.05 * scale);
            }
        }
    }

    [Fact]
    public void One_score_and_equal_scores_predict_themselves()
    {
        ScoredNetwork one = new([0, 1, 2], 0.7);
        Assert.Equal(0.7, AdditivePredictor.Fit(CandidateFeatures.OneForEach(Candidates), [one]).Of([2, 0, 0]), 1e-12);
        AdditivePredictor equal = AdditivePredictor.Fit(
            CandidateFeatures.OneForEach(Candidates),
            [one, new([1, 0, 3], 0.7)]
        );
        Assert.Equal(0.7, equal.Of([2, 1, 3]), 1e-12);
        Assert.All(
            equal.Draw(new Random(1)).SelectMany(block => block),
            effect => Assert.True(double.IsFinite(effect))
        );
    }

    [Fact]
    public void An_estimate_keeps_the_share_of_the_residual_that_is_the_networks_own()
    {
        ScoredNetwork[] networks = Networks(9, 20, noise: 0.5);
        AdditivePredictor predictor = AdditivePredictor.Fit(CandidateFeatures.OneForEach(Candidates), networks);
        Assert.Equal(predictor.Of(networks[0].Choice), predictor.EstimateOf(networks[0], 0), 1e-12);
        Assert.Equal(networks[0].Score, predictor.EstimateOf(networks[0], 1), 1e-12);
        Assert.Equal(
            (networks[0].Score + predictor.Of(networks[0].Choice)) / 2,
            predictor.EstimateOf(networks[0], 0.5),
            1e-12
        );
    }

    private static double[][] Planted(int seed)
    {
        var random = new Random(seed);
        return [.. Candidates.Select(count => Enumerable.Range(0, count).Select(_ => Normal(random)).ToArray())];
    }

    private static ScoredNetwork[] Networks(int seed, int count, double noise)
    {
        double[][] planted = Planted(seed);
        var random = new Random(1000 + seed);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(_ => Candidates.Select(count => random.Next(count)).ToArray())
                .Select(choice => new ScoredNetwork(
                    choice,
                    10 + choice.Select((j, i) => planted[i][j]).Sum() + (noise * Normal(random))
                )),
        ];
    }

    /// <summary>
    /// Of y ~ N(b 1, s^2 (I + X X^T / ratio)) with b flat and s^2 at its maximum, by the covariance of the scores:
    /// -((n - 1) log y^T P y + log |V| + log 1^T V^-1 1) / 2 + a constant.
    /// </summary>
    private static double RestrictedLikelihood(ScoredNetwork[] networks, double ratio)
    {
        int n = networks.Length;
        var covariance = new double[n, n];
        for (int a = 0; a < n; a++)
        {
            for (int b = 0; b < n; b++)
            {
                int shared = networks[a].Choice.Where((j, i) => networks[b].Choice[i] == j).Count();
                covariance[a, b] = (a == b ? 1 : 0) + (shared / ratio);
            }
        }

        double[,] inverse = Inverse(covariance);
        double ones = 0;
        double onesScores = 0;
        double scores = 0;
        for (int a = 0; a < n; a++)
        {
            for (int b = 0; b < n; b++)
            {
                ones += inverse[a, b];
                onesScores += inverse[a, b] * networks[b].Score;
                scores += networks[a].Score * inverse[a, b] * networks[b].Score;
            }
        }

        double projected = scores - (onesScores * onesScores / ones);
        return -(((n - 1) * Math.Log(projected)) + Math.Log(Determinant(covariance)) + Math.Log(ones)) / 2;
    }

    private static double[,] Precision(ScoredNetwork[] networks, double ratio)
    {
        double[][] rows =
        [
            .. networks.Select(network =>
                network
                    .Choice.SelectMany((j, i) => Enumerable.Range(0, Candidates[i]).Select(k => j == k ? 1.0 : 0))
                    .ToArray()
            ),
        ];
        int effects = rows[0].Length;
        var precision = new double[effects, effects];
        for (int k = 0; k < effects; k++)
        {
            for (int l = 0; l < effects; l++)
            {
                precision[k, l] =
                    rows.Sum(row => (row[k] - rows.Average(other => other[k])) * row[l]) + (k == l ? ratio : 0);
            }
        }

        return precision;
    }

    private static double Determinant(double[,] matrix)
    {
        double[,] left = (double[,])matrix.Clone();
        int n = left.GetLength(0);
        double determinant = 1;
        for (int k = 0; k < n; k++)
        {
            determinant *= left[k, k];
            for (int i = k + 1; i < n; i++)
            {
                double factor = left[i, k] / left[k, k];
                for (int j = k; j < n; j++)
                {
                    left[i, j] -= factor * left[k, j];
                }
            }
        }

        return determinant;
    }

    /// <summary>By Gauss-Jordan elimination; positive definite matrices need no pivoting.</summary>
    private static double[,] Inverse(double[,] matrix)
    {
        double[,] left = (double[,])matrix.Clone();
        int n = left.GetLength(0);
        var right = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            right[i, i] = 1;
        }

        for (int k = 0; k < n; k++)
        {
            double pivot = left[k, k];
            for (int j = 0; j < n; j++)
            {
                left[k, j] /= pivot;
                right[k, j] /= pivot;
            }

            for (int i = 0; i < n; i++)
            {
                double factor = i == k ? 0 : left[i, k];
                for (int j = 0; j < n; j++)
                {
                    left[i, j] -= factor * left[k, j];
                    right[i, j] -= factor * right[k, j];
                }
            }
        }

        return right;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
