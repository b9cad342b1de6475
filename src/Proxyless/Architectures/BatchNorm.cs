namespace Proxyless.Architectures;

/// <summary>What all batch norms have in common.</summary>
internal static class BatchNorm
{
    /// <summary>Added to the variance; the published networks' value, which their weights were trained with.</summary>
    public const double Epsilon = 1e-3;
}
