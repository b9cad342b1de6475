namespace Proxyless.Architectures;

/// <summary>The non-linearity of a network.</summary>
public enum Activation
{
    /// <summary>min(max(x, 0), 6), as in the published networks.</summary>
    Relu6,

    /// <summary>max(x, 0).</summary>
    Relu,
}
