namespace Proxyless.Agent;

/// <summary>The input cannot be used; the message says what is wrong and how to fix it.</summary>
internal sealed class AgentException(string message, Exception? inner = null) : Exception(message, inner);
