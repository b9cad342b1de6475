namespace Proxyless.Runtime.Kernels;

/// <summary>
/// What the gradient of the input x of a 1x1 convolution W owes to the statistics of the batch norm behind it,
/// z = scale (W x - mean) + beta: dL/dx = W^T (scale dz) + <see cref="Factor"/> x + <see cref="Constant"/>, where dz
/// is the gradient at z. With c = x - m, where m is the mean of the input, sd the norm's deviation and N the number
/// of pixels, these are - M c - W^T (scale dbeta) / N with M = W^T diag(scale dgamma / (sd N)) W. They follow from
/// the gradient of batch norm (arXiv 1502.03167, section 3) by writing y - mean as W c. Since
/// scale dgamma = sum dz (z - beta) / sd, it takes no sums but those of dz and dz z.
/// </summary>
internal sealed unsafe class StatisticsGradient
{
    /// <summary>Computes them.</summary>
    /// <param name="sums">sum dz and sum dz z.</param>
    /// <param name="weights">[channels, inputs]: W.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="mean">[inputs]: m.</param>
    public StatisticsGradient(ChannelSums sums, float[] weights, ChannelNorm norm, float[] mean)
    {
        int inputs = mean.Length;
        Factor = new float[inputs * inputs];
        Constant = new float[inputs];
        var weighted = new float[weights.Length];
        var shift = new double[inputs];
        for (int c = 0; c < norm.Channels; c++)
        {
            double beta = norm.Shift[c] + (norm.Mean[c] * (double)norm.Scale[c]);
            double inverse = norm.Inverse[c];
            double factor = inverse * inverse * (sums.Second[c] - (beta * sums.First[c])) / sums.Pixels;
            double constant = norm.Scale[c] * sums.First[c] / sums.Pixels;
            for (int i = 0; i < inputs; i++)
            {
                int place = (c * inputs) + i;
                weighted[place] = (float)(-factor * weights[place]);
                shift[i] -= constant * weights[place];
            }
        }

        fixed (
            float* left = weighted,
                right = weights,
                result = Factor
        )
        {
            MatrixProducts.AddOuter(left, right, norm.Channels, inputs, inputs, result);
        }

        for (int i = 0; i < inputs; i++)
        {
            for (int j = 0; j < inputs; j++)
            {
                shift[i] -= Factor[(j * inputs) + i] * (double)mean[j];
            }

            Constant[i] = (float)shift[i];
        }
    }

    /// <summary>[inputs, inputs]: -M.</summary>
    public float[] Factor { get; }

    /// <summary>[inputs].</summary>
    public float[] Constant { get; }
}
