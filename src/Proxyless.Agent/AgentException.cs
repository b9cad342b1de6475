namespace Proxyless.Agent;

/// <summary>What was given cannot be used; the message says what and how to mend it.</summary>
internal sealed class AgentException(string message, Exception? inner = null) : Exception(message, inner);
