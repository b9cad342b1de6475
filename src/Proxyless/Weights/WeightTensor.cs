namespace Proxyless.Weights;

/// <summary>A tensor of a file.</summary>
/// <param name="Shape">Its sides; none for a single number.</param>
/// <param name="Values">Row-major, in single precision whatever the file holds.</param>
internal sealed record WeightTensor(long[] Shape, float[] Values);
