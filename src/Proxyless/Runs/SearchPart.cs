namespace Proxyless.Runs;

/// <summary>The part of a job for one limit of one of its targets.</summary>
/// <param name="Context">Images and options, including target and limit.</param>
/// <param name="Store">The run of its network.</param>
/// <param name="Goal">The target, its table and limits.</param>
internal sealed record SearchPart(RunContext Context, RunStore Store, SearchGoal Goal)
{
    /// <summary>Says that work for this one of several limits begins.</summary>
    public void Announce() =>
        Context.Observer.Message($"{Goal.Target.Name}, limit {MillisecondText.Short(Goal.LatencyMs)} ms:");
}
