using Proxyless.Architectures;
using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Quantization;
using Proxyless.Runs;
using Proxyless.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Quantization;

/// <summary>Quantization-aware training, and the network that it trains.</summary>
public sealed class RoundedNetworkTests
{
    private static readonly Dictionary<string, string> NoMetadata = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>
    /// Sums in another order move some numbers to the next integer, and layers behind them more: far less than rounding
    /// does, where there are few layers.
    /// </summary>
    [Theory]
    [InlineData(Activation.Relu6, ConvolutionPadding.Centered, "")]
    [InlineData(Activation.Relu6, ConvolutionPadding.Centered, "stem block0.depthwise block2 classifier")]
    [InlineData(Activation.Relu, ConvolutionPadding.Same, "")]
    [InlineData(Activation.Relu, ConvolutionPadding.Same, "stem")]
    public void It_computes_what_the_integer_model_computes(
        Activation activation,
        ConvolutionPadding padding,
        string inFloat
    )
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, activation, padding);
        ModelQuantizer quantizer = FloatNetwork.Quantizer(floats, images);
        var settings = new QuantizationSettings
        {
            InFloat = FloatLayers.Named(quantizer.Model, inFloat.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        };
        byte[] integers = quantizer.Quantize(settings, NoMetadata);
        using var network = new RoundedNetwork(quantizer, settings);
        Assert.Equal(integers, quantizer.Quantize(settings, network, NoMetadata));

        using var apart = new OnnxProbe(integers, 1, optimized: false);
        using var exact = new OnnxProbe(floats, 1, optimized: true);
        var own = new AnswerComparison();
        var rounding = new AnswerComparison();
        foreach (float[] image in images)
        {
            float[] expected = FloatAnswers.Answer(apart, image, Cancellation);
            own.Add(expected, Scores(network, image), label: null);
            rounding.Add(expected, FloatAnswers.Answer(exact, image, Cancellation), label: null);
        }

        Assert.InRange(own.Error, 0, 0.3 * rounding.Error);
    }

    [Fact]
    public void Training_brings_the_scores_of_few_bits_nearer_to_those_of_floats()
    {
        (byte[] floats, float[][] images) = FloatNetwork.Create(3, Activation.Relu6);
        ModelQuantizer quantizer = FloatNetwork.Quantizer(floats, images);
        var settings = new QuantizationSettings { WeightBits = 3 };
        using var network = new RoundedNetwork(quantizer, settings);
        var answers = new FloatAnswers(floats, images, 1, NullRunObserver.Instance, Cancellation);
        double before = answers.Compare(quantizer.Quantize(settings, network, NoMetadata), Cancellation).Error;
        float[] batch = [.. images.SelectMany(image => image)];
        using var training = new RoundedTraining(network, quantizer.Model, steps: 100, threads: 1);
        for (int step = 0; step < 100; step++)
        {
            training.Step(batch, images.Length);
        }

        byte[] trained = quantizer.Quantize(settings, network, NoMetadata);
        Assert.InRange(answers.Compare(trained, Cancellation).Error, 0, 0.7 * before);
    }

    [Fact]
    public void The_gradient_of_rounding_is_that_of_holding_numbers_within_the_ends()
    {
        using var scope = NewDisposeScope();
        var kernel = new Proxyless.Runtime.Kernels.RoundingKernel(0.5f, -1, 1);
        Tensor x = tensor(new[] { -1.3f, -1.2f, -0.6f, 0.1f, 0.9f, 1.24f, 1.26f }).requires_grad_();
        Tensor y = RoundedPass.Run(x, kernel);
        BackwardPass.Run(y, [], tensor(new[] { 1f, 2, 3, 4, 5, 6, 7 }));
        Assert.Equal([-1, -1, -0.5f, 0, 1, 1, 1], TensorMemory.ToArray(y));
        Assert.Equal([0, 2, 3, 4, 5, 6, 0], TensorMemory.ToArray(x.grad!));
    }

    [Fact]
    public void A_gradient_of_another_order_in_memory_goes_to_the_right_numbers()
    {
        using var scope = NewDisposeScope();
        var kernel = new Proxyless.Runtime.Kernels.RoundingKernel(0.5f, -1, 1);
        Tensor x = MemoryLayout.ChannelsLast(rand(2, 3, 4, 4)).requires_grad_();
        Tensor factors = rand(2, 3, 4, 4);
        BackwardPass.Run(RoundedPass.Run(x, kernel), [], factors);
        Assert.Equal(TensorMemory.ToArray(factors), TensorMemory.ToArray(x.grad!.contiguous()));
    }

    private static float[] Scores(RoundedNetwork network, float[] image)
    {
        using var withoutGraph = no_grad();
        int side = (int)Math.Sqrt(image.Length / 3);
        using Tensor input = tensor(image, [1, 3, side, side]);
        using Tensor scores = network.Forward(input);
        return TensorMemory.ToArray(scores);
    }
}
