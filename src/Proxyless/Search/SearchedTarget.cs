namespace Proxyless.Search;

/// <summary>One of the machines that a search is for.</summary>
/// <param name="Name">What progress calls it where there are several.</param>
/// <param name="Limits">What its network must stay within.</param>
/// <param name="Log">The file that gets a line an epoch.</param>
internal sealed record SearchedTarget(string Name, SearchLimits Limits, string Log);
