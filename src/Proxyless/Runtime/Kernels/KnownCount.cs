namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A number of taps, rows or vectors that is known to the compiler, so that unused parts of a kernel are left out.
/// </summary>
internal interface IKnownCount
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>One.</summary>
internal readonly struct One : IKnownCount
{
    public static int Count => 1;
}

/// <summary>Two.</summary>
internal readonly struct Two : IKnownCount
{
    public static int Count => 2;
}

/// <summary>Four.</summary>
internal readonly struct Four : IKnownCount
{
    public static int Count => 4;
}

/// <summary>Five.</summary>
internal readonly struct Five : IKnownCount
{
    public static int Count => 5;
}

/// <summary>Seven.</summary>
internal readonly struct Seven : IKnownCount
{
    public static int Count => 7;
}

/// <summary>Eight.</summary>
internal readonly struct Eight : IKnownCount
{
    public static int Count => 8;
}
