using Proxyless.Distributed;

namespace Proxyless.Cli.Output;

/// <summary>What is said of the processes that share a command.</summary>
internal static class SharedSteps
{
    /// <summary>Describes the processes, and what they could have instead.</summary>
    public static string Describe(ProcessGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        string threads = group.Threads == 1 ? "1 thread" : $"{group.Threads} threads";
        return $"{group.Size} processes share the steps, {threads} each ({group.Description})";
    }

    /// <summary>Begins a line of a process that does not lead; empty in the one that does.</summary>
    public static string Of(ProcessGroup? group) =>
        group is null or { IsLeader: true }
            ? ""
            : $"process {group.Rank + 1} of {group.Size}, on {Environment.MachineName}: ";
}
