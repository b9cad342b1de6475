using System.Numerics.Tensors;
using Proxyless.Data;

namespace Proxyless.Tests.Data;

/// <summary>A linear classifier on pixels, trained by stochastic gradient descent on the cross-entropy.</summary>
internal static class SoftmaxRegression
{
    public static double TrainAndScore(
        ImageSet training,
        ImageSet test,
        Transforms transforms,
        int classes,
        int epochs,
        float rate
    )
    {
        float[][] images = Load(training, transforms);
        float[][] weights = [.. Enumerable.Range(0, classes).Select(_ => new float[transforms.Length + 1])];
        int[] order = [.. Enumerable.Range(0, images.Length)];
        var random = new SplitMix64(1);
        var scores = new float[classes];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order);
            float step = rate * (1 - epoch / (float)epochs);
            foreach (int i in order)
            {
                Score(weights, images[i], scores);
                TensorPrimitives.SoftMax(scores, scores);
                for (int label = 0; label < classes; label++)
                {
                    float gradient = scores[label] - (training.Label(i) == label ? 1 : 0);
                    TensorPrimitives.MultiplyAdd(images[i], -step * gradient, weights[label], weights[label]);
                }
            }
        }

        float[][] unseen = Load(test, transforms);
        int right = 0;
        for (int i = 0; i < unseen.Length; i++)
        {
            Score(weights, unseen[i], scores);
            right += TensorPrimitives.IndexOfMax(scores) == test.Label(i) ? 1 : 0;
        }

        return right / (double)unseen.Length;
    }

    private static void Score(float[][] weights, float[] image, float[] scores)
    {
        for (int label = 0; label < weights.Length; label++)
        {
            scores[label] = TensorPrimitives.Dot(weights[label], image);
        }
    }

    private static float[][] Load(ImageSet set, Transforms transforms) =>
        [
            .. Enumerable
                .Range(0, set.Count)
                .Select(i =>
                {
                    var image = new float[transforms.Length + 1];
                    set.Render(i, transforms, new SplitMix64(0), image.AsSpan(0, transforms.Length));
                    image[^1] = 1;
                    return image;
                }),
        ];
}
