namespace Proxyless.Runtime.Kernels;

/// <summary>
/// What is done with the sums of a <see cref="ProductKernel{TEpilogue}"/> once their terms are added.
/// </summary>
internal unsafe interface IEpilogue
{
    /// <summary>Whether a sum that is stored twice is the same as one that is stored once.</summary>
    static abstract bool IsRepeatable { get; }

    /// <summary>Whether a sum may come in parts.</summary>
    static virtual bool AddsUp => false;

    /// <summary>Returns what is stored.</summary>
    /// <param name="sum">Sums of neighboring columns.</param>
    /// <param name="place">Where they will be stored.</param>
    /// <param name="column">The first column.</param>
    TVector Of<TVector, TLanes>(TVector sum, float* place, int column)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>;
}

/// <summary>The sum itself.</summary>
internal readonly unsafe struct StoredSum : IEpilogue
{
    /// <inheritdoc/>
    public static bool IsRepeatable => true;

    /// <inheritdoc/>
    public TVector Of<TVector, TLanes>(TVector sum, float* place, int column)
        where TVector : unmanaged
        where TLanes : ILanes<TVector> => sum;
}

/// <summary>What was there, plus the sum.</summary>
internal readonly unsafe struct AddedSum : IEpilogue
{
    /// <inheritdoc/>
    public static bool IsRepeatable => false;

    /// <inheritdoc/>
    public static bool AddsUp => true;

    /// <inheritdoc/>
    public TVector Of<TVector, TLanes>(TVector sum, float* place, int column)
        where TVector : unmanaged
        where TLanes : ILanes<TVector> => TLanes.Add(TLanes.Load(place), sum);
}

/// <summary>What was there, plus the sum, plus a constant of the column.</summary>
/// <param name="constants">[columns].</param>
internal readonly unsafe struct ShiftedSum(float* constants) : IEpilogue
{
    /// <inheritdoc/>
    public static bool IsRepeatable => false;

    /// <inheritdoc/>
    public TVector Of<TVector, TLanes>(TVector sum, float* place, int column)
        where TVector : unmanaged
        where TLanes : ILanes<TVector> =>
        TLanes.Add(TLanes.Add(TLanes.Load(place), sum), TLanes.Load(constants + column));
}

/// <summary>clamp(sum + shift): a folded batch norm and its activation.</summary>
/// <param name="shift">[columns].</param>
/// <param name="low">The activation's lowest value.</param>
/// <param name="high">The activation's highest value.</param>
internal readonly unsafe struct ActivatedSum(float* shift, float low, float high) : IEpilogue
{
    /// <inheritdoc/>
    public static bool IsRepeatable => true;

    /// <inheritdoc/>
    public TVector Of<TVector, TLanes>(TVector sum, float* place, int column)
        where TVector : unmanaged
        where TLanes : ILanes<TVector> =>
        TLanes.Clamp(TLanes.Add(sum, TLanes.Load(shift + column)), TLanes.Broadcast(low), TLanes.Broadcast(high));
}
