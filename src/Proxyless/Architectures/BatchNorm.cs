namespace Proxyless.Architectures;

/// <summary>The common settings of all batch norms.</summary>
internal static class BatchNorm
{
    /// <summary>Added to the variance: the value that the published weights were trained with.</summary>
    public const double Epsilon = 1e-3;
}
