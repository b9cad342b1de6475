using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Latency;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Training;

public sealed class ClassificationLossTests
{
    private const int Classes = 3;
    private static readonly double[] Weights = [0.2, 1.5, 40];
    private static readonly long[] Labels = [0, 2, 1, 0, 1];

    public ClassificationLossTests() => Libtorch.Load();

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void Class_weights_weigh_the_loss_of_each_image(double smoothing)
    {
        double[] values = Logits();
        using var loss = new ClassificationLoss(smoothing, Weights, CPU);
        using Tensor logits = tensor(values.Select(value => (float)value).ToArray())
            .view(Labels.Length, Classes)
            .requires_grad_();
        using Tensor labels = tensor(Labels);
        using Tensor actual = loss.Of(logits, labels);
        Assert.Equal(Expected(values, smoothing), WithScalar.ToDouble(actual), 1e-5);

        actual.backward();
        AssertSlopes(at => Expected(at, smoothing), values, logits);
    }

    [Fact]
    public void Without_smoothing_class_weights_are_those_of_libtorch()
    {
        using var loss = new ClassificationLoss(0, Weights, CPU);
        using Tensor logits = tensor(Logits().Select(value => (float)value).ToArray()).view(Labels.Length, Classes);
        using Tensor labels = tensor(Labels);
        using Tensor weights = tensor(Weights.Select(weight => (float)weight).ToArray());
        using Tensor expected = nn.functional.cross_entropy(logits, labels, weight: weights);
        using Tensor actual = loss.Of(logits, labels);
        Assert.Equal(WithScalar.ToDouble(expected), WithScalar.ToDouble(actual), 1e-6);
    }

    [Fact]
    public void A_teachers_answers_to_the_same_images_are_learned_and_it_learns_nothing()
    {
        using var teacher = new CompactNetwork(SmallSpace.Network(1, 2, 1).WithInput(16, 3, Classes), new());
        using Tensor images = rand(Labels.Length, 3, 16, 16);
        using Tensor labels = tensor(Labels);
        using Tensor logits = tensor(Logits().Select(value => (float)value).ToArray()).view(Labels.Length, Classes);
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using Tensor answered = teacher.Forward(images, NormPass.Evaluation);
        using Tensor answers = answered.softmax(1);
        using Tensor expected = loss.OfAnswers(logits, answers, labels);
        using Tensor learned = logits.clone().requires_grad_();
        using Tensor actual = loss.Of(images, learned, labels, new Teacher(teacher));
        Assert.Equal(WithScalar.ToDouble(expected), WithScalar.ToDouble(actual), 1e-6);
        actual.backward();
        Assert.All(teacher.Tensors, tensor => Assert.Null(tensor.Value.grad));

        using Tensor byLabels = loss.Of(images, logits, labels, teacher: null);
        using Tensor plain = loss.Of(logits, labels);
        Assert.Equal(WithScalar.ToDouble(plain), WithScalar.ToDouble(byLabels));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Answers_of_another_network_are_matched_class_by_class(bool isWeighed)
    {
        double[] values = Logits();
        double[] answers = [0.7, 0.2, 0.1, 0, 0, 1, 0.3, 0.3, 0.4, 1, 0, 0, 0.25, 0.5, 0.25];
        double Expected(double[] logits)
        {
            double sum = 0;
            double weights = 0;
            for (int i = 0; i < Labels.Length; i++)
            {
                double[] row = logits[(i * Classes)..((i + 1) * Classes)];
                double all = Math.Log(row.Sum(Math.Exp));
                double weight = isWeighed ? Weights[Labels[i]] : 1;
                sum -= weight * row.Select((logit, j) => answers[(i * Classes) + j] * (logit - all)).Sum();
                weights += weight;
            }

            return sum / weights;
        }

        using var loss = new ClassificationLoss(0.1, isWeighed ? Weights : null, CPU);
        using Tensor logits = tensor(values.Select(value => (float)value).ToArray())
            .view(Labels.Length, Classes)
            .requires_grad_();
        using Tensor probabilities = tensor(answers.Select(value => (float)value).ToArray())
            .view(Labels.Length, Classes);
        using Tensor labels = tensor(Labels);
        using Tensor actual = loss.OfAnswers(logits, probabilities, labels);
        Assert.Equal(Expected(values), WithScalar.ToDouble(actual), 1e-5);

        actual.backward();
        AssertSlopes(Expected, values, logits);
    }

    [Fact]
    public void Right_answers_are_weighed_as_the_loss_is()
    {
        using Tensor logits = tensor(new float[] { 2, 1, 0, 2, 1, 0, 0, 1, 0 }).view(3, Classes);
        using Tensor labels = tensor(new long[] { 0, 2, 1 });
        using var loss = new ClassificationLoss(0.1, Weights, CPU);
        Assert.Equal((0.2 + 1.5) / (0.2 + 40 + 1.5), loss.AccuracyOf(logits, labels), 1e-6);
        using var plain = new ClassificationLoss(0.1, null, CPU);
        Assert.Equal(2.0 / 3, plain.AccuracyOf(logits, labels), 1e-6);
    }

    private static double[] Logits() => [0.3, -1.2, 0.7, 2, 0.1, -0.4, -0.8, 1.1, 0.2, -2, 0.5, 1.5, 0.9, 0.4, -0.1];

    /// <summary>
    /// sum_i w_{y_i} l_i / sum_i w_{y_i}, l_i = sum_c q_c (log sum_k exp z_k - z_c), q = (1 - s) onehot + s / classes.
    /// </summary>
    private static double Expected(double[] logits, double smoothing)
    {
        double sum = 0;
        double total = 0;
        for (int i = 0; i < Labels.Length; i++)
        {
            double[] own = logits[(i * Classes)..((i + 1) * Classes)];
            double normalizer = Math.Log(own.Sum(Math.Exp));
            double loss = own.Select(
                    (z, c) => ((c == Labels[i] ? 1 - smoothing : 0) + (smoothing / Classes)) * (normalizer - z)
                )
                .Sum();
            sum += Weights[Labels[i]] * loss;
            total += Weights[Labels[i]];
        }

        return sum / total;
    }

    /// <summary>The gradient of a loss by its logits is that of central differences.</summary>
    private static void AssertSlopes(Func<double[], double> loss, double[] values, Tensor logits)
    {
        using Tensor gradient = logits.grad!;
        float[] slopes = gradient.data<float>().ToArray();
        const double Step = 1e-5;
        for (int i = 0; i < values.Length; i++)
        {
            double[] above = [.. values];
            double[] below = [.. values];
            above[i] += Step;
            below[i] -= Step;
            Assert.Equal((loss(above) - loss(below)) / (2 * Step), slopes[i], 1e-5);
        }
    }
}
