namespace Proxyless.Search;

/// <summary>One of the machines that a search is for.</summary>
/// <param name="Name">Its name in progress reports if there are several.</param>
/// <param name="Limits">The limits of its network.</param>
/// <param name="Log">The file that gets one line per epoch.</param>
internal sealed record SearchedTarget(string Name, SearchLimits Limits, string Log);
