namespace Proxyless.Networks;

/// <summary>What happens to the output of a block's expansion between its passes.</summary>
internal enum ExpansionMemory
{
    /// <summary>What is faster for the block's shape.</summary>
    Automatic,

    /// <summary>It is kept: <see cref="StoredExpansion"/>.</summary>
    Stored,

    /// <summary>It is computed when it is needed, tile by tile: <see cref="TiledExpansion"/>.</summary>
    Tiled,
}
