namespace Proxyless.Runtime.Kernels;

/// <summary>
/// The arithmetic of one vector width, so that a kernel is written once and compiled for each: the just-in-time
/// compiler creates a separate version for every struct.
/// </summary>
/// <typeparam name="TVector">The vector.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Numbers per vector.</summary>
    static abstract int Count { get; }

    /// <summary>Reads <see cref="Count"/> numbers.</summary>
    static abstract TVector Load(float* source);

    /// <summary>Writes <see cref="Count"/> numbers.</summary>
    static abstract void Store(TVector value, float* destination);

    /// <summary>The same number in every lane.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>left + right.</summary>
    static abstract TVector Add(TVector left, TVector right);

    /// <summary>left - right.</summary>
    static abstract TVector Subtract(TVector left, TVector right);

    /// <summary>left * right + addend, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>
    /// min(max(value, low), high); NaN stays NaN, since otherwise a divergence of the training would not be noticed.
    /// </summary>
    static abstract TVector Clamp(TVector value, TVector low, TVector high);

    /// <summary>value where low &lt; at &lt; high, otherwise 0.</summary>
    static abstract TVector WhereInside(TVector at, TVector low, TVector high, TVector value);
}
