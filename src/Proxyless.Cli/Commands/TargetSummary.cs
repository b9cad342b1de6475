using Proxyless.Latency;

namespace Proxyless.Cli.Commands;

/// <summary>A target in a line.</summary>
internal static class TargetSummary
{
    /// <summary>Its identity; for a device that may be switched off, its address.</summary>
    public static string Of(ITarget target) =>
        target switch
        {
            AgentTarget agent => $"agent at {agent.Address}, batch {agent.Batch}",
            DeviceGroupTarget group => string.Join("; ", group.Devices.Select(Of)),
            _ => target.Id,
        };
}
