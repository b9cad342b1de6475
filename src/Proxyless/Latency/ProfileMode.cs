namespace Proxyless.Latency;

/// <summary>How carefully a space is profiled.</summary>
public enum ProfileMode
{
    /// <summary>Seconds; what a run does by default.</summary>
    Quick,

    /// <summary>A minute or two; for results that are published or limits that are tight.</summary>
    Thorough,
}
