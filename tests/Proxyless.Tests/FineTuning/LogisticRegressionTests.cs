using Proxyless.FineTuning;
using Proxyless.Runtime;
using Xunit;

namespace Proxyless.Tests.FineTuning;

public sealed class LogisticRegressionTests
{
    private const int Width = 5;
    private const int Classes = 3;

    public LogisticRegressionTests() => Libtorch.Load();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_gradient_is_that_of_the_value(bool isWeighted)
    {
        (List<float[]> features, List<int> labels) = Rows(40, 1);
        using var regression = new LogisticRegression(features, labels, Classes, 0.03, isWeighted ? [1, 4, 0.5] : null);
        var random = new Random(2);
        double[] at = [.. Enumerable.Range(0, regression.Unknowns).Select(_ => random.NextDouble() - 0.5)];
        var gradient = new double[at.Length];
        var unused = new double[at.Length];
        regression.Value(at, gradient);
        const double Step = 1e-5;
        for (int i = 0; i < at.Length; i++)
        {
            double[] above = [.. at];
            double[] below = [.. at];
            above[i] += Step;
            below[i] -= Step;
            double expected = (regression.Value(above, unused) - regression.Value(below, unused)) / (2 * Step);
            Assert.Equal(expected, gradient[i], 1e-8);
        }
    }

    /// <summary>
    /// One feature at 1 and -1, two classes alike in number: the weights are w and -w with (w, -w) where the gradient
    /// -sigma(-2w) (1 - 2q) + ... vanishes; by bisection.
    /// </summary>
    [Fact]
    public void The_solution_of_a_problem_with_one_unknown_is_that_of_bisection()
    {
        // Of eight rows six are on the side of their class.
        List<float[]> features =
        [
            [1],
            [1],
            [1],
            [-1],
            [-1],
            [-1],
            [-1],
            [1],
        ];
        List<int> labels = [0, 0, 0, 1, 1, 1, 0, 1];
        const double Penalty = 0.1;
        using var regression = new LogisticRegression(features, labels, 2, Penalty);
        LinearClassifier classifier = regression.Solve(TestContext.Current.CancellationToken);

        // d/dw of 3/4 log(1 + e^(-2w)) + 1/4 log(1 + e^(2w)) + penalty w^2.
        static double Slope(double w) =>
            (-1.5 / (1 + Math.Exp(2 * w))) + (0.5 / (1 + Math.Exp(-2 * w))) + (2 * Penalty * w);
        double low = 0;
        double high = 10;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Slope(middle) < 0 ? (middle, high) : (low, middle);
        }

        Assert.Equal(low, classifier.Weights[0], 1e-5);
        Assert.Equal(-low, classifier.Weights[1], 1e-5);
        Assert.Equal(classifier.Biases[0], classifier.Biases[1], 1e-5);
    }

    [Fact]
    public void Nothing_near_the_solution_is_better()
    {
        (List<float[]> features, List<int> labels) = Rows(60, 3);
        using var regression = new LogisticRegression(features, labels, Classes, 1e-3);
        LinearClassifier classifier = regression.Solve(TestContext.Current.CancellationToken);
        double Loss(LinearClassifier of) => features.Select((row, i) => -of.LogProbabilities(row)[labels[i]]).Average();
        var random = new Random(4);
        double best = Loss(classifier);
        Assert.True(best < Math.Log(Classes) / 2, $"{best}");
        for (int i = 0; i < 20; i++)
        {
            float[] weights = [.. classifier.Weights.Select(weight => weight * (1 + (0.3f * random.NextSingle())))];

            // Larger weights fit better by so much that the penalty outweighs it: compared without it, by a margin.
            Assert.True(Loss(classifier with { Weights = weights }) > best - 0.02);
        }
    }

    [Fact]
    public void Features_may_be_of_any_size_and_place()
    {
        (List<float[]> features, List<int> labels) = Rows(60, 5);
        using var regression = new LogisticRegression(features, labels, Classes, 0.01);
        using var moved = new LogisticRegression(
            [.. features.Select(row => row.Select(value => (1000 * value) + 50).ToArray())],
            labels,
            Classes,
            0.01
        );
        LinearClassifier one = regression.Solve(TestContext.Current.CancellationToken);
        LinearClassifier other = moved.Solve(TestContext.Current.CancellationToken);
        foreach (float[] row in features)
        {
            double[] expected = one.LogProbabilities(row);
            double[] actual = other.LogProbabilities([.. row.Select(value => (1000 * value) + 50)]);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-2));
        }
    }

    [Fact]
    public void Probabilities_add_up_to_one_however_large_the_scores()
    {
        var classifier = new LinearClassifier([1000, -1000, 0, 500], [0, 0]);
        Assert.Equal(1, classifier.LogProbabilities([1, 2]).Sum(Math.Exp), 1e-12);
    }

    [Fact]
    public void Constant_features_leave_the_shares_of_the_classes()
    {
        List<float[]> features = [.. Enumerable.Repeat(new float[] { 2, 2 }, 8)];
        using var regression = new LogisticRegression(features, [0, 0, 0, 0, 0, 0, 1, 1], 2, 0.01);
        Assert.Equal(
            0.25,
            Math.Exp(regression.Solve(TestContext.Current.CancellationToken).LogProbabilities([2, 2])[1]),
            1e-4
        );
    }

    private static (List<float[]> Features, List<int> Labels) Rows(int count, int seed)
    {
        var random = new Random(seed);
        var features = new List<float[]>();
        var labels = new List<int>();
        for (int i = 0; i < count; i++)
        {
            int label = i % Classes;
            float[] row = [.. Enumerable.Range(0, Width).Select(_ => random.NextSingle())];
            row[label] += 0.8f;
            features.Add(row);
            labels.Add(label);
        }

        return (features, labels);
    }
}
