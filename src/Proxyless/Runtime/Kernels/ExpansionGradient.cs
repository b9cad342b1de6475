namespace Proxyless.Runtime.Kernels;

/// <summary>
/// The gradients of the weights of a 1x1 convolution W with batch norm, z = scale (W x - mean) + beta, from sums over
/// dz, the gradient at z. With c = x - m, where m and S are mean and covariance of the input, and sd the norm's
/// deviation: dbeta = sum dz; P = sum dz c^T; dgamma = diag(P W^T) / sd; dW = scale (P - dgamma / sd W S). They follow
/// from the gradient of batch norm (arXiv 1502.03167, section 3) by writing y - mean as W c. The input's gradient:
/// <see cref="StatisticsGradient"/>.
/// </summary>
internal sealed class ExpansionGradient
{
    private ExpansionGradient(int channels, int inputs)
    {
        Weights = new float[channels * inputs];
        Gamma = new float[channels];
        Beta = new float[channels];
    }

    /// <summary>[channels, inputs]: dL/dW.</summary>
    public float[] Weights { get; }

    /// <summary>dL/dgamma.</summary>
    public float[] Gamma { get; }

    /// <summary>dL/dbeta.</summary>
    public float[] Beta { get; }

    /// <summary>With the statistics of the batch.</summary>
    /// <param name="products">[inputs, channels]: P^T.</param>
    /// <param name="beta">[channels]: sum dz.</param>
    /// <param name="weights">[channels, inputs]: W.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="covariances">[channels, inputs]: W S.</param>
    public static ExpansionGradient OfBatch(
        double[] products,
        double[] beta,
        float[] weights,
        ChannelNorm norm,
        double[] covariances
    )
    {
        int inputs = weights.Length / norm.Channels;
        var gradient = new ExpansionGradient(norm.Channels, inputs);
        for (int c = 0; c < norm.Channels; c++)
        {
            double inverse = norm.Inverse[c];
            double gamma = gradient.Set(c, products, beta, weights, inverse);
            for (int i = 0; i < inputs; i++)
            {
                int place = (c * inputs) + i;
                double product = products[(i * norm.Channels) + c] - (gamma * inverse * covariances[place]);
                gradient.Weights[place] = (float)(norm.Scale[c] * product);
            }
        }

        return gradient;
    }

    /// <summary>With fixed statistics.</summary>
    /// <param name="products">[inputs, channels]: the sum of x dz^T.</param>
    /// <param name="beta">[channels]: sum dz.</param>
    /// <param name="weights">[channels, inputs]: W.</param>
    /// <param name="norm">The norm.</param>
    public static ExpansionGradient OfRunning(double[] products, double[] beta, float[] weights, ChannelNorm norm)
    {
        int inputs = weights.Length / norm.Channels;
        var gradient = new ExpansionGradient(norm.Channels, inputs);
        for (int c = 0; c < norm.Channels; c++)
        {
            double gamma = gradient.Set(c, products, beta, weights, norm.Inverse[c]);
            gradient.Gamma[c] = (float)(gamma - (norm.Inverse[c] * norm.Mean[c] * beta[c]));
            for (int i = 0; i < inputs; i++)
            {
                gradient.Weights[(c * inputs) + i] = (float)(norm.Scale[c] * products[(i * norm.Channels) + c]);
            }
        }

        return gradient;
    }

    // Beta, and gamma for a mean of 0.
    private double Set(int channel, double[] products, double[] beta, float[] weights, double inverse)
    {
        int channels = Beta.Length;
        int inputs = weights.Length / channels;
        double sum = 0;
        for (int i = 0; i < inputs; i++)
        {
            sum += products[(i * channels) + channel] * weights[(channel * inputs) + i];
        }

        Beta[channel] = (float)beta[channel];
        double gamma = inverse * sum;
        Gamma[channel] = (float)gamma;
        return gamma;
    }
}
