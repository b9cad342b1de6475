namespace Proxyless.Latency;

/// <summary>
/// Where a model will run: a machine that runs models (<see cref="IModelTimer"/>), or the table of one that is not at
/// hand (<see cref="TableTarget"/>). <see cref="TargetFile.Open"/> finds one by name or file. Whoever opens it disposes
/// it.
/// </summary>
public interface ITarget : IAsyncDisposable, IDisposable
{
    /// <summary>The text that names it, as <see cref="TargetFile.Open"/> takes it.</summary>
    string Name { get; }

    /// <summary>All that a latency depends on beside the network: tables of one identity are interchangeable.</summary>
    /// <exception cref="TargetUnavailableException">The target has to be asked, and cannot be reached.</exception>
    string Id { get; }

    /// <summary>Images of one run; every latency is of a whole batch.</summary>
    int Batch { get; }
}
