using System.Text.Json.Serialization;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Work whose steps all processes of a group share, as the leader describes it to the others.</summary>
[JsonPolymorphic]
[JsonDerivedType(typeof(SharedSearch), "search")]
[JsonDerivedType(typeof(SharedSearchTiming), "search-timing")]
[JsonDerivedType(typeof(SharedDecision), "decision")]
[JsonDerivedType(typeof(SharedScoring), "score")]
[JsonDerivedType(typeof(SharedTrial), "trial")]
[JsonDerivedType(typeof(SharedTraining), "training")]
[JsonDerivedType(typeof(SharedTrainingTiming), "training-timing")]
internal abstract record SharedTask
{
    /// <summary>Does a process's share of the work.</summary>
    /// <param name="context">The images and options.</param>
    /// <param name="parallel">The processes.</param>
    /// <param name="state">What the process keeps between works, and the checkpoint that this one goes on from.</param>
    public abstract void Share(RunContext context, DataParallel parallel, FollowerState state);
}
