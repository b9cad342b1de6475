namespace Proxyless.Runs;

/// <summary>What a search does for one limit of one of its targets.</summary>
/// <param name="Context">Images and options, target and limit among them.</param>
/// <param name="Store">Where its network goes.</param>
/// <param name="Goal">The target, its table and limits.</param>
internal sealed record SearchPart(RunContext Context, RunStore Store, SearchGoal Goal);
