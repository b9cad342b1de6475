using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Quantization;

/// <summary>
/// Quantization-aware training: weights are moved while they, and all tensors between layers, are rounded (arXiv
/// 1712.05877, section 3), to bring the scores nearer to those of the model of floats. Labels are not needed. Ranges,
/// the scales of weights, and layers in float stay as they are.
/// </summary>
internal sealed class RoundedTraining : IDisposable
{
    // In integers of a weight per step. Over some hundred steps it decides how weights are rounded, and moves few of
    // them by more than one; ten times as much is worse than no training (docs/decisions/int8.md).
    private const double Rate = 0.003;

    private readonly RoundedNetwork _network;
    private readonly OnnxProbe _teacher;
    private readonly NetworkTensor[] _tensors;
    private readonly long[] _shape;
    private readonly CosineSchedule _schedule;
    private readonly AdamOptimizer _optimizer = new();
    private long _step;

    /// <summary>Prepares a training.</summary>
    /// <param name="network">What is trained.</param>
    /// <param name="model">The model of floats.</param>
    /// <param name="steps">Steps in all.</param>
    /// <param name="threads">Threads that run the model of floats.</param>
    public RoundedTraining(RoundedNetwork network, FloatModel model, long steps, int threads)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(model);
        _network = network;
        _teacher = new OnnxProbe(model.Onnx, threads, optimized: true);
        _tensors = [.. network.Tensors];
        _shape = [.. model.Proto.Graph.Input[0].Type.TensorType.Shape.Dim.Select(size => size.DimValue)];
        _schedule = new CosineSchedule(Rate, steps, WarmupSteps: (long)(steps * TrainingSettings.UsualWarmupShare));
    }

    /// <summary>One step.</summary>
    /// <param name="images">[count, C, H, W], as the model takes them, row-major.</param>
    /// <param name="count">Number of images.</param>
    /// <returns>The root of the mean squared error of the scores, over their standard deviation.</returns>
    public double Step(float[] images, int count)
    {
        using var scope = NewDisposeScope();
        Tensor expected = zeros(0);
        _teacher.Run(images, count, (_, shape, scores) => expected = tensor(scores.ToArray(), shape));
        Tensor input = tensor(images, [count, .. _shape.Skip(1)]);
        Tensor logits = _network.Forward(MemoryLayout.ChannelsLast(input));
        Tensor loss = nn.functional.mse_loss(logits, expected);
        BackwardPass.Run(loss, _tensors);
        double squares = WithScalar.ToDouble(loss);
        if (!double.IsFinite(squares))
        {
            throw new TrainingDivergedException(Invariant($"the error of the scores became {squares} in step {_step}"));
        }

        double variance = WithScalar.ToDouble(expected.var(unbiased: false));

        _optimizer.Step(_tensors, _schedule.At(_step++));
        return Math.Sqrt(squares / Math.Max(variance, AnswerComparison.LeastVariance));
    }

    /// <inheritdoc/>
    public void Dispose() => _teacher.Dispose();
}
