namespace Proxyless.Training;

/// <summary>The process that leads has stopped or failed; it tells the user why.</summary>
internal sealed class LeaderStoppedException() : OperationCanceledException("the process that leads has stopped");
